#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace dart::engine::exchange {

/// The newest lines of a query's output, for clients that look at it. Lines are numbered from 0 within one
/// run of the query; the oldest go when all together are larger than the budget.
class RowLog {
 public:
  /// A line counts with its bytes and what it takes to keep it.
  explicit RowLog(std::size_t budget_bytes);

  /// Forgets what there is; the next line has number `first`: not 0 where a run goes on that began elsewhere.
  void start_run(std::uint64_t run, std::uint64_t first = 0);
  void append(std::string line);
  /// No more lines come in this run.
  void end();

  struct Piece {
    std::uint64_t run = 0;
    std::uint64_t first = 0;  ///< number of the first of these lines, or of the next to come
    std::vector<std::string> lines;
    std::uint64_t missed = 0;  ///< lines between the one asked for and `first`, which are not kept any more
    bool ended = false;        ///< these are the last lines of the run
  };
  /// Lines from number `first` of `run` on: those that fit into `max_bytes`, and at least one if there is
  /// any. When another run is asked for than the one that is on, that one from its beginning.
  [[nodiscard]] Piece read(std::uint64_t run, std::uint64_t first, std::size_t max_bytes) const;

  [[nodiscard]] std::uint64_t run() const { return run_; }
  /// Number of the next line.
  [[nodiscard]] std::uint64_t next() const { return oldest_ + lines_.size(); }

 private:
  std::size_t budget_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t run_ = 0;
  std::uint64_t oldest_ = 0;  // number of the first line that is kept
  std::deque<std::string> lines_;
  bool ended_ = false;
};

}  // namespace dart::engine::exchange
