#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dart::sim {

/// What kind of event, and which item of its kind.
enum class EventKind : std::uint8_t { Wake, Arrival, Script, Disk, Serve };

struct Event {
  std::int64_t at_us = 0;
  /// Number of the event: among those of one moment the first made is the first to happen.
  std::uint64_t order = 0;
  std::uint32_t item = 0;
  EventKind kind = EventKind::Wake;
};

/// Events by time, then by number. A wheel of short spans of time, each unsorted until its turn comes, takes
/// the next second; a heap takes what is further away. The next few events lie in order, so that the memory
/// that they need can be fetched ahead. No event may be older than the last one that was taken out by more
/// than the wheel is long.
class EventQueue {
 public:
  EventQueue() : wheel_(kSpans) {}

  void push(std::int64_t at_us, EventKind kind, std::uint32_t item) {
    const Event event{at_us, next_++, item, kind};
    const std::int64_t span = at_us >> kSpanBits;
    if (span < end_span_) {
      const auto from = ahead_.begin() + static_cast<std::ptrdiff_t>(first_);
      ahead_.insert(std::upper_bound(from, ahead_.end(), event, before), event);
    } else if (span < end_span_ + static_cast<std::int64_t>(kSpans)) {
      const std::size_t place = place_of(span);
      wheel_[place].push_back(event);
      used_[place / 64] |= std::uint64_t{1} << (place % 64);
    } else {
      far_.push_back(event);
      std::push_heap(far_.begin(), far_.end(), after);
    }
    if (ahead_.size() - first_ < kAhead) refill();
  }
  [[nodiscard]] bool empty() const { return first_ == ahead_.size(); }
  /// The next event; not empty.
  [[nodiscard]] const Event& top() const { return ahead_[first_]; }
  Event pop() {
    const Event event = ahead_[first_++];
    if (ahead_.size() - first_ < kAhead) refill();
    return event;
  }
  /// What will probably be the event after `count` others; nothing when that is not known.
  [[nodiscard]] const Event* peek(std::size_t count) const {
    return first_ + count < ahead_.size() ? &ahead_[first_ + count] : nullptr;
  }
  [[nodiscard]] std::uint64_t made() const { return next_; }

 private:
  static constexpr std::size_t kAhead = 16;
  static constexpr int kSpanBits = 6;
  static constexpr std::size_t kSpans = 1U << 14;
  static constexpr std::int64_t kNoSpan = INT64_MAX;

  static bool before(const Event& a, const Event& b) {
    return a.at_us != b.at_us ? a.at_us < b.at_us : a.order < b.order;
  }
  static bool after(const Event& a, const Event& b) { return before(b, a); }
  static std::size_t place_of(std::int64_t span) { return static_cast<std::size_t>(span) % kSpans; }

  /// The first span of the wheel in which something happens.
  [[nodiscard]] std::int64_t next_span() const {
    const std::size_t start = place_of(end_span_);
    std::uint64_t word = used_[start / 64] & (~std::uint64_t{0} << (start % 64));
    for (std::size_t i = 0; i <= used_.size(); ++i) {
      const std::size_t at = (start / 64 + i) % used_.size();
      if (i > 0) word = used_[at];
      if (word == 0) continue;
      const std::size_t place = at * 64 + static_cast<std::size_t>(std::countr_zero(word));
      return end_span_ + static_cast<std::int64_t>((place + kSpans - start) % kSpans);
    }
    return kNoSpan;
  }
  void refill() {
    ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
    while (ahead_.size() < kAhead) {
      const std::int64_t far = far_.empty() ? kNoSpan : far_.front().at_us >> kSpanBits;
      const std::int64_t span = std::min(next_span(), far);
      if (span == kNoSpan) return;
      take(span);
    }
  }
  void take(std::int64_t span) {
    const auto sorted = static_cast<std::ptrdiff_t>(ahead_.size());
    if (span < end_span_ + static_cast<std::int64_t>(kSpans)) {
      const std::size_t place = place_of(span);
      ahead_.insert(ahead_.end(), wheel_[place].begin(), wheel_[place].end());
      wheel_[place].clear();
      used_[place / 64] &= ~(std::uint64_t{1} << (place % 64));
    }
    while (!far_.empty() && far_.front().at_us >> kSpanBits == span) {
      ahead_.push_back(far_.front());
      std::pop_heap(far_.begin(), far_.end(), after);
      far_.pop_back();
    }
    std::sort(ahead_.begin() + sorted, ahead_.end(), before);
    end_span_ = span + 1;
  }

  std::vector<std::vector<Event>> wheel_;
  std::array<std::uint64_t, kSpans / 64> used_{};
  std::vector<Event> far_;
  std::vector<Event> ahead_;  // what comes before end_span_, in order, from first_ on
  std::size_t first_ = 0;
  std::int64_t end_span_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace dart::sim
