#pragma once

#include <cstdint>

#include "base/random.hpp"
#include "base/time.hpp"

namespace dart::overlay {

/// Vivaldi's network coordinate (SIGCOMM'04) in whole microseconds: a point in space plus the height of the
/// last mile. Integers, so that every machine and every replay agrees to the bit. Round trips are estimated
/// as distance plus both heights.
struct Coordinate {
  /// Axes stay within this many microseconds of the origin.
  static constexpr std::int32_t kLargest = 1 << 29;
  static constexpr std::uint32_t kWorstError = 1000;

  std::int32_t x = 0;
  std::int32_t y = 0;
  std::int32_t z = 0;
  std::int32_t height = 0;
  /// Trust in it, in thousandths: 1,000 knows nothing.
  std::uint32_t error = kWorstError;

  friend constexpr bool operator==(const Coordinate&, const Coordinate&) = default;
  /// False for values that no honest node sends.
  [[nodiscard]] bool valid() const;
  [[nodiscard]] bool known() const { return error < kWorstError; }
  /// The round trip to `other`, estimated.
  [[nodiscard]] Duration round_trip(const Coordinate& other) const;
  /// Moves towards or away from `other` so that the estimate fits the measured round trip better. `random`
  /// gives a direction when both are at the same point.
  void observe(const Coordinate& other, Duration measured, Random& random);
};

}  // namespace dart::overlay
