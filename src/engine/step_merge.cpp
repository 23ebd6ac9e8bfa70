#include "engine/step_merge.hpp"

#include <algorithm>

#include "engine/chunk_bytes.hpp"

namespace dart::engine {

std::optional<Progress> StepMerge::progress(std::size_t port, const Progress& progress) {
  ports_[port].passed = progress;
  if (!stepped_) return progress;
  return passed_by_all();
}

std::optional<Progress> StepMerge::end(std::size_t port) {
  ports_[port].ended = true;
  // What the end of an input lets go, a watermark, is news by itself.
  if (!stepped_) return ports_[port].passed;
  return passed_by_all();
}

std::optional<Progress> StepMerge::passed_by_all() {
  const Port* slowest = nullptr;
  for (const Port& port : ports_) {
    if (port.ended) continue;
    if (!port.passed) return std::nullopt;
    if (slowest == nullptr || port.passed->last < slowest->passed->last) slowest = &port;
  }
  if (slowest == nullptr || slowest->passed->last <= passed_) return std::nullopt;
  passed_ = slowest->passed->last;
  return slowest->passed;
}

void StepMerge::watermark(std::size_t port, EventTime watermark) {
  ports_[port].watermark = std::max(ports_[port].watermark, watermark);
}

std::optional<EventTime> StepMerge::risen_watermark() {
  EventTime least = kMaxEventTime;
  for (const Port& port : ports_) least = std::min(least, port.ended ? kMaxEventTime : port.watermark);
  if (least <= watermark_ || least == kMaxEventTime) return std::nullopt;
  watermark_ = least;
  return least;
}

bool StepMerge::all_ended() const {
  return std::all_of(ports_.begin(), ports_.end(), [](const Port& p) { return p.ended; });
}

std::int64_t StepMerge::next_step(const Port& port) {
  if (port.waiting.empty()) return INT64_MAX;
  const Waiting& front = port.waiting.front();
  const std::int64_t* steps = front.chunk.step_data();
  return steps == nullptr ? INT64_MIN : steps[front.next];
}

void StepMerge::drain(std::int64_t last, const Take& take) {
  while (true) {
    std::int64_t step = INT64_MAX;
    for (const Port& port : ports_) step = std::min(step, next_step(port));
    if (step == INT64_MAX || step > last) return;
    for (std::size_t p = 0; p < ports_.size(); ++p) {
      Port& port = ports_[p];
      while (next_step(port) == step) {
        Waiting& front = port.waiting.front();
        const std::int64_t* steps = front.chunk.step_data();
        std::size_t end = front.next + 1;
        while (end < front.chunk.rows && (steps == nullptr || steps[end] == step)) ++end;
        take(p, front.chunk, front.next, end, step);
        front.next = end;
        if (end == front.chunk.rows) port.waiting.pop_front();
      }
    }
  }
}

void StepMerge::snapshot(std::span<const std::size_t> columns, ByteWriter& out) const {
  for (std::size_t p = 0; p < ports_.size(); ++p) {
    const Port& port = ports_[p];
    out.varint(port.waiting.size());
    for (const Waiting& waiting : port.waiting) {
      write_chunk(waiting.chunk.slice(waiting.next, waiting.chunk.rows - waiting.next), columns[p], out);
    }
    out.fixed<std::uint8_t>(port.passed ? 1 : 0);
    if (port.passed) write_progress(*port.passed, out);
    out.fixed(port.watermark);
    out.fixed<std::uint8_t>(port.ended ? 1 : 0);
  }
  out.fixed(passed_);
  out.fixed(watermark_);
}

Status StepMerge::restore(std::span<const std::vector<columnar::LogicalType>> types, ByteReader& in,
                          const Keep& keep) {
  for (std::size_t p = 0; p < ports_.size(); ++p) {
    DART_TRY(const std::size_t waiting, in.count());
    for (std::size_t k = 0; k < waiting; ++k) {
      DART_TRY(const Chunk chunk, read_chunk(types[p], in));
      if (chunk.rows == 0 || chunk.steps.is_present() != stepped_) {
        return fail(ErrorCode::Data, "rows that cannot wait for their step");
      }
      keep(p, chunk);
    }
    DART_TRY(const bool any_passed, read_flag(in));
    if (any_passed) {
      DART_TRY(ports_[p].passed, read_progress(in));
    }
    DART_TRY(ports_[p].watermark, in.fixed<EventTime>());
    DART_TRY(ports_[p].ended, read_flag(in));
  }
  DART_TRY(passed_, in.fixed<std::int64_t>());
  DART_TRY(watermark_, in.fixed<EventTime>());
  return {};
}

}  // namespace dart::engine
