#pragma once

#include <array>
#include <cstdint>

#include "base/int128.hpp"

/// Arithmetic on the unscaled integers of numeric(p, s).
namespace dart::columnar {

namespace detail {

template <class T, std::size_t n>
constexpr std::array<T, n> powers_of_ten() {
  std::array<T, n> powers{};
  T power = 1;
  for (std::size_t i = 0; i < n; ++i) {
    powers[i] = power;
    if (i + 1 < n) power *= 10;
  }
  return powers;
}

}  // namespace detail

/// kPowersOfTen[n] = 10^n, n <= 38; kShortPowersOfTen fits int64, n <= 18.
inline constexpr auto kPowersOfTen = detail::powers_of_ten<int128, 39>();
inline constexpr auto kShortPowersOfTen = detail::powers_of_ten<std::int64_t, 19>();

[[nodiscard]] constexpr int128 power_of_ten(int exponent) {
  return kPowersOfTen[static_cast<std::size_t>(exponent)];
}

/// a / b rounded half away from zero; b > 0.
template <class T>
[[nodiscard]] constexpr T divide_rounded(T a, T b) {
  const T quotient = a / b;
  const T rest = a % b;
  const T distance = rest < 0 ? -rest : rest;
  if (distance < b - distance) return quotient;
  return a < 0 ? quotient - 1 : quotient + 1;
}

/// The same number at another scale, rounded half away from zero; false when it leaves 128 bits.
[[nodiscard]] constexpr bool rescale(int128 unscaled, int from, int to, int128& out) {
  if (to >= from) {
    if (to - from > 38) return (out = 0, unscaled == 0);
    return !__builtin_mul_overflow(unscaled, power_of_ten(to - from), &out);
  }
  out = from - to > 38 ? 0 : divide_rounded(unscaled, power_of_ten(from - to));
  return true;
}

/// Whether the unscaled value has at most `precision` digits.
[[nodiscard]] constexpr bool fits_precision(int128 unscaled, int precision) {
  const int128 bound = power_of_ten(precision);
  return unscaled < bound && unscaled > -bound;
}

}  // namespace dart::columnar
