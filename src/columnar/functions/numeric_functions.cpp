#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"
#include "columnar/numeric_math.hpp"

/// gcd, lcm, factorial, div, and roots, logarithms and powers of numeric.
namespace dart::columnar {
namespace {

constexpr const char* kOverflow = "value overflows numeric format";
constexpr const char* kZeroDivide = "division by zero";
constexpr LogicalType kResult = LogicalType::numeric(kMaxPrecision, kDefaultScale);

std::uint64_t size_of(std::int64_t a) {
  return a < 0 ? -static_cast<std::uint64_t>(a) : static_cast<std::uint64_t>(a);
}

std::uint64_t greatest_divisor(std::uint64_t a, std::uint64_t b) {
  while (b != 0) {
    const std::uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

template <std::uint64_t largest>
const char* range_name() {
  return largest == INT32_MAX ? "integer out of range" : "bigint out of range";
}

template <std::uint64_t largest>
void gcd_kernel(const KernelCall& call) {
  each_row<std::int64_t, std::int64_t, std::int64_t>(
      call, [](std::int64_t& r, std::int64_t a, std::int64_t b) -> const char* {
        const std::uint64_t divisor = greatest_divisor(size_of(a), size_of(b));
        r = static_cast<std::int64_t>(divisor);
        return divisor > largest ? range_name<largest>() : nullptr;
      });
}

template <std::uint64_t largest>
void lcm_kernel(const KernelCall& call) {
  each_row<std::int64_t, std::int64_t, std::int64_t>(
      call, [](std::int64_t& r, std::int64_t a, std::int64_t b) -> const char* {
        r = 0;
        if (a == 0 || b == 0) return nullptr;
        std::uint64_t multiple = 0;
        const std::uint64_t part = size_of(a) / greatest_divisor(size_of(a), size_of(b));
        if (__builtin_mul_overflow(part, size_of(b), &multiple) || multiple > largest)
          return range_name<largest>();
        r = static_cast<std::int64_t>(multiple);
        return nullptr;
      });
}

void factorial_kernel(const KernelCall& call) {
  each_row<int128, std::int64_t>(call, [](int128& r, std::int64_t a) -> const char* {
    if (a < 0) return "factorial of a negative number is undefined";
    r = 1;
    for (std::int64_t i = 2; i <= a; ++i) {
      if (__builtin_mul_overflow(r, static_cast<int128>(i), &r) || !fits_precision(r, kMaxPrecision))
        return kOverflow;
    }
    return nullptr;
  });
}

Result<BoundFunction> bind_factorial(Types, Constants) {
  return BoundFunction{LogicalType::numeric(kMaxPrecision, 0), factorial_kernel, nullptr, true};
}

int128 unscaled_at(const Vector& vector, std::size_t row) {
  if (vector.type().physical() == PhysicalType::Int64) return vector.at<std::int64_t>(row);
  return vector.at<int128>(row);
}

/// A numeric argument as these functions see it.
struct Operand {
  int128 unscaled;
  int scale;
};

// Visits the rows that are not NULL, whatever the physical types of the arguments are.
template <class F>
void numeric_rows(const KernelCall& call, F f) {
  int128* const out = call.out.mutable_data<int128>();
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = 0;
    if (call.out.is_null(row)) continue;
    Operand operands[2] = {};
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      operands[i] = {unscaled_at(*call.arguments[i], row), call.arguments[i]->type().scale};
    }
    const char* const reason = f(out[row], operands[0], operands[1]);
    if (reason != nullptr) call.errors.mark(row, reason);
  }
}

const char* divide_whole(int128& r, Operand a, Operand b) {
  if (b.unscaled == 0) return kZeroDivide;
  const int scale = std::max(a.scale, b.scale);
  if (!rescale(a.unscaled, a.scale, scale, a.unscaled) || !rescale(b.unscaled, b.scale, scale, b.unscaled)) {
    return kOverflow;
  }
  r = a.unscaled / b.unscaled;
  return fits_precision(r, kMaxPrecision) ? nullptr : kOverflow;
}

int128 greatest_divisor(int128 a, int128 b) {
  while (b != 0) {
    const int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a < 0 ? -a : a;
}

// Both at the larger scale, which is the result's.
template <bool least_multiple>
const char* divisor_or_multiple(int128& r, Operand a, Operand b) {
  const int scale = std::max(a.scale, b.scale);
  if (!rescale(a.unscaled, a.scale, scale, a.unscaled) || !rescale(b.unscaled, b.scale, scale, b.unscaled)) {
    return kOverflow;
  }
  const int128 divisor = greatest_divisor(a.unscaled, b.unscaled);
  r = divisor;
  if (!least_multiple) return nullptr;
  r = 0;
  if (a.unscaled == 0 || b.unscaled == 0) return nullptr;
  const int128 other = b.unscaled < 0 ? -b.unscaled : b.unscaled;
  const int128 part = a.unscaled / divisor;
  if (__builtin_mul_overflow(part < 0 ? -part : part, other, &r)) return kOverflow;
  return fits_precision(r, kMaxPrecision) ? nullptr : kOverflow;
}

template <bool least_multiple>
void divisor_kernel(const KernelCall& call) {
  numeric_rows(call, divisor_or_multiple<least_multiple>);
}

template <bool least_multiple>
Result<BoundFunction> bind_divisor(Types types, Constants) {
  const LogicalType result = LogicalType::numeric(kMaxPrecision, std::max(types[0].scale, types[1].scale));
  return BoundFunction{result, divisor_kernel<least_multiple>, nullptr, true};
}

void divide_whole_kernel(const KernelCall& call) { numeric_rows(call, divide_whole); }

Result<BoundFunction> bind_divide_whole(Types, Constants) {
  return BoundFunction{LogicalType::numeric(kMaxPrecision, 0), divide_whole_kernel, nullptr, true};
}

long double real(Operand a) {
  return static_cast<long double>(a.unscaled) / static_cast<long double>(power_of_ten(a.scale));
}

// A result of 64 bits of mantissa or more: all 16 digits behind the point are good below 1000.
const char* store(int128& r, long double value) {
  const long double scaled = std::round(value * 1e16L);
  if (!(std::fabs(scaled) < 1e38L)) return kOverflow;
  r = static_cast<int128>(scaled);
  return nullptr;
}

const char* square_root(int128& r, Operand a, Operand) {
  if (a.unscaled < 0) return "cannot take square root of a negative number";
  if (a.unscaled == 0 || a.scale > 2 * kDefaultScale) return store(r, std::sqrt(real(a)));
  // Newton's method over whole numbers, the quotient in 256 bits: after its first step it comes down to the
  // root.
  if (const char* const reason = store(r, std::sqrt(real(a)))) return reason;
  const auto number = static_cast<uint128>(a.unscaled);
  const auto shift = static_cast<uint128>(power_of_ten(2 * kDefaultScale - a.scale));
  uint128 root = r > 0 ? static_cast<uint128>(r) : 1;
  uint128 quotient = 0;
  uint128 rest = 0;
  for (bool first = true;; first = false) {
    if (!multiply_divide_floor(number, shift, root, quotient, rest)) return kOverflow;
    if (!first && quotient >= root) break;
    root = (root + quotient) / 2;
  }
  // What is left of the number above the square says on which side of the half it lies.
  r = static_cast<int128>((quotient - root) * root + rest > root ? root + 1 : root);
  return nullptr;
}

const char* check_logarithm(Operand a) {
  if (a.unscaled == 0) return "cannot take logarithm of zero";
  return a.unscaled < 0 ? "cannot take logarithm of a negative number" : nullptr;
}

const char* natural_logarithm(int128& r, Operand a, Operand) {
  const char* const reason = check_logarithm(a);
  return reason != nullptr ? reason : store(r, std::log(real(a)));
}

const char* decimal_logarithm(int128& r, Operand a, Operand) {
  const char* const reason = check_logarithm(a);
  return reason != nullptr ? reason : store(r, std::log10(real(a)));
}

const char* logarithm_to_base(int128& r, Operand base, Operand a) {
  for (const Operand operand : {base, a}) {
    if (const char* const reason = check_logarithm(operand)) return reason;
  }
  const long double denominator = std::log(real(base));
  return denominator == 0 ? kZeroDivide : store(r, std::log(real(a)) / denominator);
}

const char* exponential(int128& r, Operand a, Operand) { return store(r, std::exp(real(a))); }

// Whole numbers to a whole power exactly; everything else by logarithms.
const char* power(int128& r, Operand a, Operand b) {
  if (a.unscaled == 0 && b.unscaled < 0) return "zero raised to a negative power is undefined";
  const bool whole_exponent = b.unscaled % power_of_ten(b.scale) == 0;
  if (a.unscaled < 0 && !whole_exponent) {
    return "a negative number raised to a non-integer power yields a complex result";
  }
  const bool whole_base = a.unscaled % power_of_ten(a.scale) == 0;
  constexpr int kLongest = 128;
  const int128 exponent = b.unscaled / power_of_ten(b.scale);
  if (!whole_base || !whole_exponent || exponent < 0 || exponent > kLongest) {
    return store(r, std::pow(real(a), real(b)));
  }
  const int128 base = a.unscaled / power_of_ten(a.scale);
  int128 product = 1;
  for (int128 i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(product, base, &product)) return kOverflow;
  }
  return rescale(product, 0, kDefaultScale, r) && fits_precision(r, kMaxPrecision) ? nullptr : kOverflow;
}

template <const char* (*f)(int128&, Operand, Operand)>
Result<BoundFunction> bind_numeric(Types, Constants) {
  return BoundFunction{kResult, [](const KernelCall& call) { numeric_rows(call, f); }, nullptr, true};
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  constexpr auto kGcdInt = bind_plain<gcd_kernel<INT32_MAX>, Int>;
  constexpr auto kGcdBigInt = bind_plain<gcd_kernel<INT64_MAX>, BigInt>;
  constexpr auto kLcmInt = bind_plain<lcm_kernel<INT32_MAX>, Int>;
  constexpr auto kLcmBigInt = bind_plain<lcm_kernel<INT64_MAX>, BigInt>;
  return {
      {"gcd", {Int, Int}, false, kGcdInt, "greatest common divisor"},
      {"gcd", {BigInt, BigInt}, false, kGcdBigInt, "greatest common divisor"},
      {"lcm", {Int, Int}, false, kLcmInt, "least common multiple"},
      {"lcm", {BigInt, BigInt}, false, kLcmBigInt, "least common multiple"},
      {"gcd", {Numeric, Numeric}, false, bind_divisor<false>, "greatest common divisor"},
      {"lcm", {Numeric, Numeric}, false, bind_divisor<true>, "least common multiple"},
      {"factorial", {BigInt}, false, bind_factorial, "1 * 2 * ... * n"},
      {"div", {Numeric, Numeric}, false, bind_divide_whole, "whole part of the quotient"},
      {"sqrt", {Numeric}, false, bind_numeric<square_root>, "square root"},
      {"exp", {Numeric}, false, bind_numeric<exponential>, "e to the power of x"},
      {"ln", {Numeric}, false, bind_numeric<natural_logarithm>, "natural logarithm"},
      {"log", {Numeric}, false, bind_numeric<decimal_logarithm>, "logarithm to base 10"},
      {"log10", {Numeric}, false, bind_numeric<decimal_logarithm>, "logarithm to base 10"},
      {"log", {Numeric, Numeric}, false, bind_numeric<logarithm_to_base>, "logarithm of y to base x"},
      {"power", {Numeric, Numeric}, false, bind_numeric<power>, "x to the power of y"},
      {"pow", {Numeric, Numeric}, false, bind_numeric<power>, "x to the power of y"},
      {"^", {Numeric, Numeric}, false, bind_numeric<power>, "x to the power of y"},
  };
}

}  // namespace

std::span<const ScalarFunction> numeric_math_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
