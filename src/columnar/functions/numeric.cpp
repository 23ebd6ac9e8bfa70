#include <algorithm>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"
#include "columnar/numeric_math.hpp"

namespace dart::columnar {
namespace {

constexpr const char* kOverflow = "value overflows numeric format";
constexpr const char* kZeroDivide = "division by zero";

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

// The scales and result type of an operation.
struct NumericState {
  LogicalType result;
  int scale_a = 0;
  int scale_b = 0;
};

// Chooses kernel<A, B, R> by the physical types: each is int64 or int128.
template <template <class, class, class> class Operation>
Kernel choose(LogicalType a, LogicalType b, LogicalType result) {
  const auto is_short = [](LogicalType type) { return type.physical() == PhysicalType::Int64; };
  using Short = std::int64_t;
  using Wide = int128;
  if (is_short(result)) return Operation<Short, Short, Short>::run;
  if (is_short(a))
    return is_short(b) ? Operation<Short, Short, Wide>::run : Operation<Short, Wide, Wide>::run;
  return is_short(b) ? Operation<Wide, Short, Wide>::run : Operation<Wide, Wide, Wide>::run;
}

// a ± b at the common scale. A short result has room for every sum, so that nothing is checked.
template <class A, class B, class R, bool subtract>
void sum_kernel(const KernelCall& call) {
  const auto& state = state_of<NumericState>(call);
  const int scale = state.result.scale;
  if constexpr (std::is_same_v<R, std::int64_t>) {
    const auto factor_a = bits(kShortPowersOfTen[static_cast<std::size_t>(scale - state.scale_a)]);
    const auto factor_b = bits(kShortPowersOfTen[static_cast<std::size_t>(scale - state.scale_b)]);
    const auto combine = [](std::uint64_t a, std::uint64_t b) {
      return static_cast<std::int64_t>(subtract ? a - b : a + b);
    };
    if (factor_a == 1 && factor_b == 1) {
      map_binary<R, A, B>(call, [combine](A a, B b) { return combine(bits(a), bits(b)); });
    } else {
      map_binary<R, A, B>(call, [=](A a, B b) { return combine(bits(a) * factor_a, bits(b) * factor_b); });
    }
  } else {
    const int larger = std::max(state.scale_a, state.scale_b);
    each_row<R, A, B>(call, [&state, larger](R& r, A a, B b) -> const char* {
      int128 x = 0;
      int128 y = 0;
      const bool fits = rescale(a, state.scale_a, larger, x) && rescale(b, state.scale_b, larger, y) &&
                        !(subtract ? __builtin_sub_overflow(x, y, &x) : __builtin_add_overflow(x, y, &x)) &&
                        rescale(x, larger, state.result.scale, x) &&
                        fits_precision(x, state.result.precision);
      r = x;
      return fits ? nullptr : kOverflow;
    });
  }
}

template <class A, class B, class R>
struct Add {
  static void run(const KernelCall& call) { sum_kernel<A, B, R, false>(call); }
};
template <class A, class B, class R>
struct Subtract {
  static void run(const KernelCall& call) { sum_kernel<A, B, R, true>(call); }
};

template <class A, class B, class R>
struct Multiply {
  static void run(const KernelCall& call) {
    if constexpr (std::is_same_v<R, std::int64_t>) {
      map_binary<R, A, B>(call, [](A a, B b) { return static_cast<std::int64_t>(bits(a) * bits(b)); });
    } else {
      const auto& state = state_of<NumericState>(call);
      const int128 divisor = power_of_ten(state.scale_a + state.scale_b - state.result.scale);
      const int precision = state.result.precision;
      each_row<R, A, B>(call, [divisor, precision](R& r, A a, B b) -> const char* {
        int128 product = 0;
        if (!__builtin_mul_overflow(static_cast<int128>(a), static_cast<int128>(b), &product)) {
          if (divisor != 1) product = divide_rounded(product, divisor);
        } else if (!multiply_divide_rounded(a, b, divisor, product)) {
          return kOverflow;
        }
        r = product;
        return fits_precision(product, precision) ? nullptr : kOverflow;
      });
    }
  }
};

template <class A, class B, class R>
struct Divide {
  static void run(const KernelCall& call) {
    const auto& state = state_of<NumericState>(call);
    // The result has at least both scales, so that digits are only added to the dividend; more than 38 of
    // them go in two steps.
    const int digits = state.result.scale + state.scale_b - state.scale_a;
    const int128 factor = power_of_ten(std::min(digits, kMaxPrecision));
    const int128 more = power_of_ten(std::max(digits - kMaxPrecision, 0));
    const int precision = state.result.precision;
    each_row<R, A, B>(call, [factor, more, precision](R& r, A a, B b) -> const char* {
      if (b == 0) return kZeroDivide;
      int128 dividend = a;
      int128 quotient = 0;
      if (more != 1 && __builtin_mul_overflow(dividend, more, &dividend)) return kOverflow;
      if (!multiply_divide_rounded(dividend, factor, b, quotient)) return kOverflow;
      if (!fits_precision(quotient, precision)) return kOverflow;
      r = static_cast<R>(quotient);
      return nullptr;
    });
  }
};

template <class A, class B, class R>
struct Modulo {
  static void run(const KernelCall& call) {
    const auto& state = state_of<NumericState>(call);
    const int scale = std::max(state.scale_a, state.scale_b);
    each_row<R, A, B>(call, [&state, scale](R& r, A a, B b) -> const char* {
      if (b == 0) return kZeroDivide;
      int128 x = 0;
      int128 y = 0;
      if (!rescale(a, state.scale_a, scale, x) || !rescale(b, state.scale_b, scale, y)) return kOverflow;
      x %= y;
      if (!rescale(x, scale, state.result.scale, x) || !fits_precision(x, state.result.precision))
        return kOverflow;
      r = static_cast<R>(x);
      return nullptr;
    });
  }
};

int digits_of(LogicalType type) { return type.precision - type.scale; }

template <template <class, class, class> class Operation>
Result<BoundFunction> bind_operation(Types types, LogicalType result) {
  return bound_with(result, choose<Operation>(types[0], types[1], result),
                    NumericState{result, types[0].scale, types[1].scale});
}

template <template <class, class, class> class Operation>
Result<BoundFunction> bind_sum(Types types, Constants) {
  return bind_operation<Operation>(types, numeric_with(std::max(digits_of(types[0]), digits_of(types[1])) + 1,
                                                       std::max(types[0].scale, types[1].scale)));
}

Result<BoundFunction> bind_product(Types types, Constants) {
  return bind_operation<Multiply>(
      types, numeric_with(digits_of(types[0]) + digits_of(types[1]), types[0].scale + types[1].scale));
}

Result<BoundFunction> bind_quotient(Types types, Constants) {
  const int scale = std::max({kDefaultScale, int{types[0].scale}, int{types[1].scale}});
  return bind_operation<Divide>(types, LogicalType::numeric(kMaxPrecision, scale));
}

Result<BoundFunction> bind_modulo(Types types, Constants) {
  return bind_operation<Modulo>(types, numeric_with(std::max(digits_of(types[0]), digits_of(types[1])),
                                                    std::max(types[0].scale, types[1].scale)));
}

template <class T, bool negate>
void signed_kernel(const KernelCall& call) {
  using Unsigned = std::conditional_t<std::is_same_v<T, int128>, uint128, std::uint64_t>;
  map_unary<T, T>(call, [](T a) { return negate ? static_cast<T>(-static_cast<Unsigned>(a)) : a; });
}

template <bool negate>
Result<BoundFunction> bind_signed(Types types, Constants) {
  const bool is_short = types[0].physical() == PhysicalType::Int64;
  return BoundFunction{types[0],
                       is_short ? signed_kernel<std::int64_t, negate> : signed_kernel<int128, negate>,
                       nullptr, true};
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  return {
      {"+", {Numeric, Numeric}, false, bind_sum<Add>, "exact sum"},
      {"-", {Numeric, Numeric}, false, bind_sum<Subtract>, "exact difference"},
      {"*", {Numeric, Numeric}, false, bind_product, "exact product"},
      {"/", {Numeric, Numeric}, false, bind_quotient, "quotient with at least 16 digits behind the point"},
      {"%", {Numeric, Numeric}, false, bind_modulo, "remainder, with the sign of the dividend"},
      {"mod", {Numeric, Numeric}, false, bind_modulo, "remainder, with the sign of the dividend"},
      {"-", {Numeric}, false, bind_signed<true>, "the opposite"},
      {"+", {Numeric}, false, bind_signed<false>, "the same"},
  };
}

}  // namespace

std::span<const ScalarFunction> numeric_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
