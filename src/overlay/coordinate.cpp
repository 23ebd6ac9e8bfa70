#include "overlay/coordinate.hpp"

#include <algorithm>
#include <cmath>

namespace dart::overlay {

namespace {

constexpr std::int32_t kSmallestHeight = 100;
/// Vivaldi's c_e and c_c, one quarter each, in thousandths.
constexpr std::int64_t kTuning = 250;
/// Longer measurements are outages, not distances.
constexpr std::int64_t kLongestUs = 4'000'000;

/// Exact below 2^53 and correctly rounded above, the same on every machine.
std::int64_t square_root(std::int64_t value) {
  return static_cast<std::int64_t>(std::sqrt(static_cast<double>(value)));
}

std::int32_t clamp_axis(std::int64_t value) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(value, -Coordinate::kLargest, Coordinate::kLargest));
}

bool axis_valid(std::int32_t value) {
  return value >= -Coordinate::kLargest && value <= Coordinate::kLargest;
}

}  // namespace

bool Coordinate::valid() const {
  return axis_valid(x) && axis_valid(y) && axis_valid(z) && height >= 0 && height <= kLargest &&
         error <= kWorstError;
}

Duration Coordinate::round_trip(const Coordinate& other) const {
  const std::int64_t dx = std::int64_t{x} - other.x;
  const std::int64_t dy = std::int64_t{y} - other.y;
  const std::int64_t dz = std::int64_t{z} - other.z;
  return {square_root(dx * dx + dy * dy + dz * dz) + height + other.height};
}

void Coordinate::observe(const Coordinate& other, Duration measured, Random& random) {
  const std::int64_t rtt = std::clamp<std::int64_t>(measured.us, 1, kLongestUs);
  std::int64_t dx = std::int64_t{x} - other.x;
  std::int64_t dy = std::int64_t{y} - other.y;
  std::int64_t dz = std::int64_t{z} - other.z;
  std::int64_t length = square_root(dx * dx + dy * dy + dz * dz);
  const std::int64_t estimate = length + height + other.height;
  while (length < 16) {
    dx += static_cast<std::int64_t>(random.below(201)) - 100;
    dy += static_cast<std::int64_t>(random.below(201)) - 100;
    dz += static_cast<std::int64_t>(random.below(201)) - 100;
    length = square_root(dx * dx + dy * dy + dz * dz);
  }
  const std::int64_t both = std::max<std::int64_t>(std::int64_t{error} + other.error, 1);
  const std::int64_t weight = std::int64_t{error} * 1000 / both;
  const std::int64_t off = std::min<std::int64_t>(std::abs(estimate - rtt) * 1000 / rtt, kWorstError);
  const std::int64_t step = kTuning * weight / 1000;
  error = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
      (off * step + std::int64_t{error} * (1000 - step)) / 1000, 10, kWorstError - 1));
  // Along the unit vector, by force * step; the heights take their share of the force.
  const std::int64_t force = (rtt - estimate) * step / 1000;
  x = clamp_axis(x + force * dx / length);
  y = clamp_axis(y + force * dy / length);
  z = clamp_axis(z + force * dz / length);
  const std::int64_t heights = std::int64_t{height} + other.height;
  const std::int64_t taller = height + (estimate > 0 ? force * heights / estimate : 0);
  height = static_cast<std::int32_t>(std::clamp<std::int64_t>(taller, kSmallestHeight, Coordinate::kLargest));
}

}  // namespace dart::overlay
