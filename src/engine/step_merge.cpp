#include "engine/step_merge.hpp"

#include <algorithm>

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

}  // namespace dart::engine
