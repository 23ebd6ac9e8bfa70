#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dart::sim {

/// What kind of event, and which item of its kind.
enum class EventKind : std::uint8_t { Wake, Arrival, Script };

struct Event {
  std::int64_t at_us = 0;
  /// Number of the event: among those of one moment the first made is the first to happen.
  std::uint64_t order = 0;
  std::uint32_t item = 0;
  EventKind kind = EventKind::Wake;
};

/// Events by time, then by number: a heap with four children a node, flat, and before it the next few events
/// in order, so that the memory that they need can be fetched ahead.
class EventQueue {
 public:
  void push(std::int64_t at_us, EventKind kind, std::uint32_t item) {
    std::size_t hole = heap_.size();
    const Event event{at_us, next_++, item, kind};
    heap_.push_back(event);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / 4;
      if (!before(event, heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = event;
  }
  [[nodiscard]] bool empty() const { return heap_.empty() && first_ == last_; }
  /// The next event; not empty.
  [[nodiscard]] const Event& top() {
    if (first_ == last_) refill();
    return !heap_.empty() && before(heap_.front(), ahead_[first_]) ? heap_.front() : ahead_[first_];
  }
  Event pop() {
    const Event event = top();
    if (event.order == ahead_[first_].order) {
      ++first_;
    } else {
      pop_heap();
    }
    return event;
  }
  /// What will probably be the event after `count` others; nothing when that is not known.
  [[nodiscard]] const Event* peek(std::size_t count) const {
    return first_ + count < last_ ? &ahead_[first_ + count] : nullptr;
  }
  [[nodiscard]] std::uint64_t made() const { return next_; }

 private:
  static constexpr std::size_t kAhead = 64;

  static bool before(const Event& a, const Event& b) {
    return a.at_us != b.at_us ? a.at_us < b.at_us : a.order < b.order;
  }
  void refill() {
    first_ = 0;
    for (last_ = 0; last_ < kAhead && !heap_.empty(); ++last_) {
      ahead_[last_] = heap_.front();
      pop_heap();
    }
  }
  void pop_heap() {
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
  }
  void sink(const Event& event) {
    std::size_t hole = 0;
    while (true) {
      const std::size_t first = 4 * hole + 1;
      if (first >= heap_.size()) break;
      std::size_t least = first;
      const std::size_t end = first + 4 < heap_.size() ? first + 4 : heap_.size();
      for (std::size_t i = first + 1; i < end; ++i) {
        if (before(heap_[i], heap_[least])) least = i;
      }
      if (!before(heap_[least], event)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = event;
  }

  std::vector<Event> heap_;
  std::array<Event, kAhead> ahead_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace dart::sim
