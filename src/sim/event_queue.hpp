#pragma once

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

/// Events by time, then by number: a heap with four children a node, flat.
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
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Event& top() const { return heap_.front(); }
  Event pop() {
    const Event first = heap_.front();
    const Event last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sink(last);
    return first;
  }
  [[nodiscard]] std::uint64_t made() const { return next_; }

 private:
  static bool before(const Event& a, const Event& b) {
    return a.at_us != b.at_us ? a.at_us < b.at_us : a.order < b.order;
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
  std::uint64_t next_ = 0;
};

}  // namespace dart::sim
