#pragma once

#include <cstdint>

#include "base/int128.hpp"
#include "columnar/decimal.hpp"
#include "columnar/types.hpp"

/// What numeric arithmetic needs beyond 128 bits, its result types, and its way to and from double.
namespace dart::columnar {

/// A numeric type with room for `digits` in front of the point and `scale` behind it. Where that is more than
/// 38 in all, digits behind the point go first, but 16 of them stay: too large a value is then a row error.
[[nodiscard]] constexpr LogicalType numeric_with(int digits, int scale) {
  int kept = scale;
  if (digits + scale > kMaxPrecision) {
    const int room = digits < kMaxPrecision ? kMaxPrecision - digits : 0;
    const int least = scale < kDefaultScale ? scale : kDefaultScale;
    kept = room > least ? room : least;
  }
  return LogicalType::numeric(digits + scale, kept);
}

/// a * b / c rounded half away from zero, the product in 256 bits; false when the result leaves 128 bits or c
/// is 0.
[[nodiscard]] bool multiply_divide_rounded(int128 a, int128 b, int128 c, int128& out);
/// a * b / c rounded down, and what is left over; false when the result leaves 127 bits or c is 0.
[[nodiscard]] bool multiply_divide_floor(uint128 a, uint128 b, uint128 c, uint128& quotient, uint128& rest);

/// The double nearest to unscaled / 10^scale.
[[nodiscard]] double unscaled_to_double(int128 unscaled, int scale);
/// The 15 leading digits of a finite double, as PostgreSQL; false when it does not fit numeric(precision,
/// scale).
[[nodiscard]] bool double_to_unscaled(double value, int precision, int scale, int128& out);

}  // namespace dart::columnar
