#pragma once

#include <compare>
#include <cstdint>

namespace dart {

/// A length of monotonic time in microseconds.
struct Duration {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(Duration, Duration) = default;
};

/// A point of monotonic time in microseconds since an arbitrary start. Only `runtime/` reads a clock;
/// everything below is handed the time as an argument. Event time of rows is another type (EventTime).
struct TimePoint {
  std::int64_t us = 0;
  friend constexpr auto operator<=>(TimePoint, TimePoint) = default;
  friend constexpr TimePoint operator+(TimePoint t, Duration d) { return {t.us + d.us}; }
  friend constexpr TimePoint operator-(TimePoint t, Duration d) { return {t.us - d.us}; }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return {a.us - b.us}; }
};

/// Event time of rows: microseconds since 1970-01-01 00:00:00, no zone.
using EventTime = std::int64_t;

/// The watermark before any row, and the one after the last.
inline constexpr EventTime kMinEventTime = INT64_MIN;
inline constexpr EventTime kMaxEventTime = INT64_MAX;

}  // namespace dart
