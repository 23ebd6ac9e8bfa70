#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/operator.hpp"

namespace dart::engine {

/// The waiting room of an operator with several inputs: rows of a step are handed over only when every input
/// has passed it, steps in order, ports in order inside a step. So a view that reads one stream by two paths
/// never shows a mix of before and after.
class StepMerge {
 public:
  /// Without steps nothing waits: each input's progress counts for itself.
  StepMerge(std::size_t ports, bool stepped) : ports_(ports), stepped_(stepped) {}

  /// Keeps the chunk (its vectors are shared) until its steps are drained.
  void add(std::size_t port, const Chunk& chunk) { ports_[port].waiting.push_back({chunk, 0}); }
  /// What all inputs have passed now, when that is more than before.
  std::optional<Progress> progress(std::size_t port, const Progress& progress);
  void watermark(std::size_t port, EventTime watermark);
  /// The least watermark of all inputs, when it rose since the last call; for after the drain, since
  /// watermarks come before the progress of their step.
  std::optional<EventTime> risen_watermark();
  /// An input that has ended holds nobody back: what all others have passed now, when that is more than
  /// before.
  std::optional<Progress> end(std::size_t port);
  [[nodiscard]] bool all_ended() const;

  /// Calls take(port, chunk, begin, end, step) for the rows of each step up to `last`, ascending.
  using Take = std::function<void(std::size_t, const Chunk&, std::size_t, std::size_t, std::int64_t)>;
  void drain(std::int64_t last, const Take& take);

  /// The first columns[port] columns of the chunks that wait, and what has been passed.
  void snapshot(std::span<const std::size_t> columns, ByteWriter& out) const;
  /// Chunks go to `keep(port, chunk)`, which adds them.
  using Keep = std::function<void(std::size_t, const Chunk&)>;
  [[nodiscard]] Status restore(std::span<const std::vector<columnar::LogicalType>> types, ByteReader& in,
                               const Keep& keep);

 private:
  struct Waiting {
    Chunk chunk;
    std::size_t next;
  };
  struct Port {
    std::deque<Waiting> waiting;
    std::optional<Progress> passed;
    EventTime watermark = kMinEventTime;
    bool ended = false;
  };
  std::optional<Progress> passed_by_all();
  [[nodiscard]] static std::int64_t next_step(const Port& port);

  std::vector<Port> ports_;
  bool stepped_;
  std::int64_t passed_ = INT64_MIN;
  EventTime watermark_ = kMinEventTime;
};

}  // namespace dart::engine
