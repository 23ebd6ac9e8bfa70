#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace dart::overlay {

/// The timers of one machine: at most one deadline for each of a fixed list of purposes, which is smaller and
/// faster than a heap of timers for them. The earliest is known without a search.
template <class Purpose, std::size_t count>
class Deadlines {
 public:
  Deadlines() { at_.fill(kNever); }

  void set(Purpose purpose, TimePoint when) {
    at_[index(purpose)] = when.us;
    find_first();
  }
  /// Moves the deadline forward only.
  void set_earlier(Purpose purpose, TimePoint when) {
    if (when.us < at_[index(purpose)]) set(purpose, when);
  }
  void clear(Purpose purpose) { set(purpose, {kNever}); }
  void clear_all() {
    at_.fill(kNever);
    first_ = 0;
  }
  [[nodiscard]] std::optional<TimePoint> next() const {
    return at_[first_] == kNever ? std::nullopt : std::optional<TimePoint>(TimePoint{at_[first_]});
  }
  [[nodiscard]] bool pending(Purpose purpose) const { return at_[index(purpose)] != kNever; }
  /// Takes out the earliest purpose that is due, if any.
  [[nodiscard]] std::optional<Purpose> take_due(TimePoint now) {
    if (at_[first_] > now.us) return std::nullopt;
    const auto purpose = static_cast<Purpose>(first_);
    clear(purpose);
    return purpose;
  }

 private:
  static constexpr std::int64_t kNever = INT64_MAX;
  static constexpr std::size_t index(Purpose purpose) { return static_cast<std::size_t>(purpose); }
  void find_first() {
    first_ = 0;
    for (std::size_t i = 1; i < count; ++i) {
      if (at_[i] < at_[first_]) first_ = i;
    }
  }

  std::array<std::int64_t, count> at_;
  std::size_t first_ = 0;
};

}  // namespace dart::overlay
