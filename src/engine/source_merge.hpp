#pragma once

#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "engine/source_gate.hpp"

namespace dart::engine {

/// Several readers as one stream of steps, in order of event time (then of the readers): a row waits until
/// every other reader's watermark has passed it. A reader whose table has no event time comes before all
/// others, as a whole, and one that does not wait goes on as its rows arrive. Rows keep their chunks: each
/// gets its place as a step number, and a chunk is handed on as far as its rows have theirs.
class SourceMerge {
 public:
  struct Reader {
    bool has_time = false;
    bool waits = true;  ///< false, order = 'arrival': waits for nobody, and nobody waits for it
    bool ended = false;
    bool idle = false;  ///< asked for by idle_after: holds nobody back
    /// Readers of one table share a number; among their rows of one time these columns decide.
    std::size_t table = SIZE_MAX;
    std::vector<std::uint32_t> tie_break;
    EventTime watermark = kMinEventTime;
    std::deque<Admitted> waiting;
  };

  explicit SourceMerge(std::size_t readers) : readers_(readers) {}

  [[nodiscard]] Reader& reader(std::size_t index) { return readers_[index]; }
  [[nodiscard]] const Reader& reader(std::size_t index) const { return readers_[index]; }
  /// Rows waiting for their place.
  [[nodiscard]] std::size_t waiting_rows() const;

  /// A step without rows: something other than a row, a timeout, is about to change watermarks.
  void add_empty_step(TimePoint origin) {
    ++step_;
    origin_last_ = std::max(origin_last_, origin);
  }

  /// Calls take(reader, rows with steps, late rows, watermark) for what has its place, then done(progress)
  /// once.
  using Take =
      std::function<void(std::size_t reader, const Chunk& rows, const Chunk& late, EventTime watermark)>;
  using Done = std::function<void(const Progress& progress)>;
  void advance(const Take& take, const Done& done);

  /// Between two calls of advance.
  void snapshot(ByteWriter& out) const;
  /// Into a fresh one; types[r] are those of reader r's rows.
  [[nodiscard]] Status restore(std::span<const std::vector<columnar::LogicalType>> types, ByteReader& in);
  /// The same in parts, for readers that come and go: how far it is, and what of one reader waits.
  void snapshot_place(ByteWriter& out) const;
  [[nodiscard]] Status restore_place(ByteReader& in);
  void snapshot_reader(std::size_t reader, ByteWriter& out) const;
  [[nodiscard]] Status restore_reader(std::size_t reader, std::span<const columnar::LogicalType> types,
                                      ByteReader& in);

 private:
  struct Cursor {
    std::size_t row = 0;  // of the reader's first waiting piece
    std::vector<std::int64_t> steps;
  };
  [[nodiscard]] std::size_t next_reader() const;
  [[nodiscard]] bool may_go(std::size_t index) const;
  [[nodiscard]] int compare_ties(std::size_t a, std::size_t b) const;
  void hand_on(std::size_t index, const Take& take);

  std::vector<Reader> readers_;
  std::vector<Cursor> cursors_;
  std::int64_t step_ = 0;
  std::int64_t done_step_ = 0;
  TimePoint origin_last_;
};

}  // namespace dart::engine
