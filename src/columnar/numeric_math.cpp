#include "columnar/numeric_math.hpp"

#include <charconv>
#include <cmath>
#include <string>

#include "columnar/text_form.hpp"

namespace dart::columnar {
namespace {

constexpr uint128 kLargest = ~uint128{0} >> 1;

uint128 size_of(int128 value) {
  return value < 0 ? -static_cast<uint128>(value) : static_cast<uint128>(value);
}

struct Product {
  uint128 high;
  uint128 low;
};

Product multiply(uint128 a, uint128 b) {
  constexpr uint128 kLowHalf = ~std::uint64_t{0};
  const uint128 low = (a & kLowHalf) * (b & kLowHalf);
  const uint128 mid_a = (a >> 64) * (b & kLowHalf);
  const uint128 mid_b = (a & kLowHalf) * (b >> 64);
  const uint128 mid = (low >> 64) + (mid_a & kLowHalf) + (mid_b & kLowHalf);
  return {(a >> 64) * (b >> 64) + (mid_a >> 64) + (mid_b >> 64) + (mid >> 64),
          (mid << 64) | (low & kLowHalf)};
}

}  // namespace

bool multiply_divide_floor(uint128 a, uint128 b, uint128 c, uint128& quotient, uint128& rest) {
  if (c == 0) return false;
  Product product = multiply(a, b);
  if (product.high == 0) {
    quotient = product.low / c;
    rest = product.low % c;
    return quotient <= kLargest;
  }
  if (product.high >= c) return false;
  // Long division, a bit at a time; what a doubled remainder loses at the top is remembered in `carry`.
  uint128 remainder = product.high;
  uint128 result = 0;
  for (int bit = 127; bit >= 0; --bit) {
    const bool carry = (remainder >> 127) != 0;
    remainder = (remainder << 1) | ((product.low >> bit) & 1);
    result <<= 1;
    if (carry || remainder >= c) {
      remainder -= c;
      result |= 1;
    }
  }
  quotient = result;
  rest = remainder;
  return quotient <= kLargest;
}

bool multiply_divide_rounded(int128 a, int128 b, int128 c, int128& out) {
  uint128 quotient = 0;
  uint128 rest = 0;
  const uint128 divisor = size_of(c);
  if (!multiply_divide_floor(size_of(a), size_of(b), divisor, quotient, rest)) return false;
  if (rest >= divisor - rest) ++quotient;
  if (quotient > kLargest) return false;
  const bool negative = ((a < 0) != (b < 0)) != (c < 0);
  out = negative ? -static_cast<int128>(quotient) : static_cast<int128>(quotient);
  return true;
}

double unscaled_to_double(int128 unscaled, int scale) {
  constexpr std::int64_t kExact = std::int64_t{1} << 53;
  // Both are exact doubles, so that the one division rounds once.
  if (unscaled >= -kExact && unscaled <= kExact && scale <= 22) {
    return static_cast<double>(unscaled) / static_cast<double>(power_of_ten(scale));
  }
  std::string text;
  append_decimal(unscaled, scale, text);
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool double_to_unscaled(double value, int precision, int scale, int128& out) {
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific, 14).ptr;
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  return scan_decimal(text, precision, scale, out) == ParseOutcome::Ok;
}

}  // namespace dart::columnar
