#include "columnar/aggregates/exact.hpp"

#include <boost/multiprecision/cpp_int.hpp>

namespace dart::columnar {

namespace {

// Wide enough for count * (sum of squares of 38 digits) * 10^48.
using Big = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<
    1024, 1024, boost::multiprecision::signed_magnitude, boost::multiprecision::unchecked, void>>;

constexpr int128 power_of_ten(int exponent) {
  int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}
constexpr int128 kBeyond = power_of_ten(38);

Big big_power_of_ten(int exponent) {
  return boost::multiprecision::pow(Big(10), static_cast<unsigned>(exponent));
}

Big to_big(std::span<const std::uint64_t> words) {
  const bool negative = words.back() >> 63 != 0;
  Big value = 0;
  for (std::size_t i = words.size(); i-- > 0;) value = (value << 64) | Big(negative ? ~words[i] : words[i]);
  return negative ? Big(-(value + 1)) : value;
}

Big divide_rounded(const Big& numerator, const Big& denominator) {
  const bool negative = numerator < 0;
  const Big absolute = negative ? Big(-numerator) : numerator;
  Big quotient;
  Big rest;
  boost::multiprecision::divide_qr(absolute, denominator, quotient, rest);
  if (rest * 2 >= denominator) ++quotient;
  return negative ? Big(-quotient) : quotient;
}

bool from_big(const Big& value, int128& out) {
  const Big beyond = big_power_of_ten(38);
  if (value >= beyond || value <= -beyond) return false;
  out = static_cast<int128>(value);
  return true;
}

}  // namespace

bool fits_numeric(int128 unscaled) { return unscaled < kBeyond && unscaled > -kBeyond; }

bool exact_average(std::span<const std::uint64_t> sum, std::int64_t count, int more_digits, int128& out) {
  const auto low = static_cast<int128>((static_cast<uint128>(sum[1]) << 64) | sum[0]);
  bool short_sum = true;
  for (std::size_t i = 2; i < sum.size(); ++i) short_sum &= sum[i] == (low < 0 ? ~std::uint64_t{0} : 0);
  if (!short_sum || low == static_cast<int128>(uint128{1} << 127)) {
    return from_big(divide_rounded(to_big(sum) * big_power_of_ten(more_digits), Big(count)), out);
  }
  // rest < count < 2^63 and 10^more_digits <= 10^16 < 2^54: no overflow.
  const int128 scale = power_of_ten(more_digits);
  const int128 absolute = low < 0 ? -low : low;
  const int128 rest = absolute % count * scale;
  int128 result = 0;
  if (__builtin_mul_overflow(absolute / count, scale, &result) ||
      __builtin_add_overflow(result, rest / count + (rest % count * 2 >= count ? 1 : 0), &result)) {
    return false;
  }
  out = low < 0 ? -result : result;
  return fits_numeric(result);
}

bool exact_between(int128 low, int128 high, std::int64_t part, std::int64_t whole, int more_digits,
                   int128& out) {
  const int128 scale = power_of_ten(more_digits);
  if (part == 0) return !__builtin_mul_overflow(low, scale, &out) && fits_numeric(out);
  const bool halfway = part * 2 == whole;
  if (halfway && more_digits > 0) {
    int128 sum = 0;
    if (!__builtin_add_overflow(low, high, &sum) && !__builtin_mul_overflow(sum, scale / 2, &out)) {
      return fits_numeric(out);
    }
  }
  const Big numerator = Big(low) * whole + (Big(high) - Big(low)) * part;
  return from_big(divide_rounded(numerator * Big(scale), Big(whole)), out);
}

bool exact_deviation(const ExactMoments& moments, int out_scale, int128& out) {
  const Big count = moments.count;
  const Big sum = to_big(moments.sum);
  Big numerator = count * to_big(moments.square_sum) - sum * sum;
  if (numerator < 0) numerator = 0;  // only from sums that are not those of any values
  const Big denominator =
      count * (moments.sample ? Big(count - 1) : count) * big_power_of_ten(2 * moments.scale);
  if (!moments.root) {
    return from_big(divide_rounded(numerator * big_power_of_ten(out_scale), denominator), out);
  }
  // Twice the root, rounded down, decides the rounding of the root.
  const Big doubled =
      boost::multiprecision::sqrt(Big(numerator * 4 * big_power_of_ten(2 * out_scale) / denominator));
  return from_big((doubled + 1) / 2, out);
}

}  // namespace dart::columnar
