#include "engine/step_merge.hpp"

#include <algorithm>

namespace dart::engine {

std::optional<Progress> StepMerge::progress(std::size_t port, const Progress& progress) {
  ports_[port].passed = std::max(ports_[port].passed, progress.last);
  std::int64_t least = INT64_MAX;
  for (const Port& p : ports_) least = std::min(least, p.ended ? INT64_MAX : p.passed);
  if (least == INT64_MAX || least <= passed_) return std::nullopt;
  passed_ = least;
  Progress all = progress;
  all.last = std::min(all.last, least);
  all.first = std::min(all.first, all.last);
  return all;
}

std::optional<EventTime> StepMerge::watermark(std::size_t port, EventTime watermark) {
  ports_[port].watermark = std::max(ports_[port].watermark, watermark);
  EventTime least = kMaxEventTime;
  for (const Port& p : ports_) least = std::min(least, p.ended ? kMaxEventTime : p.watermark);
  if (least <= watermark_) return std::nullopt;
  watermark_ = least;
  return least;
}

void StepMerge::end(std::size_t port) { ports_[port].ended = true; }

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
