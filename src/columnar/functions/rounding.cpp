#include <algorithm>
#include <cmath>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"
#include "columnar/numeric_math.hpp"

namespace dart::columnar {
namespace {

constexpr const char* kOverflow = "value overflows numeric format";

template <bool is_int>
void abs_integer(const KernelCall& call) {
  map_unary_checked<std::int64_t, std::int64_t>(
      call, is_int ? "integer out of range" : "bigint out of range", [](std::int64_t a, std::int64_t& r) {
        r = static_cast<std::int64_t>(a < 0 ? -static_cast<std::uint64_t>(a) : static_cast<std::uint64_t>(a));
        return is_int ? failed_if(r > INT32_MAX) : r;
      });
}

template <double (*f)(double)>
void real_kernel(const KernelCall& call) {
  map_unary<double, double>(call, f);
}

double absolute(double a) { return std::fabs(a); }
double up(double a) { return std::ceil(a); }
double down(double a) { return std::floor(a); }
double nearest(double a) { return std::nearbyint(a); }
double towards_zero(double a) { return std::trunc(a); }
double sign_of(double a) { return a > 0 ? 1 : (a < 0 ? -1 : 0); }

enum class Rounding : std::uint8_t { HalfAway, TowardsZero, Up, Down };

template <Rounding rounding, class T>
T divide(T a, T b) {
  if constexpr (rounding == Rounding::HalfAway) return divide_rounded<T>(a, b);
  const T quotient = a / b;
  const T rest = a % b;
  if constexpr (rounding == Rounding::Up) return rest > 0 ? quotient + 1 : quotient;
  if constexpr (rounding == Rounding::Down) return rest < 0 ? quotient - 1 : quotient;
  return quotient;
}

// Rounds to `digits` behind the point (in front of it when negative), then shows the result's scale.
struct RoundState {
  LogicalType from;
  LogicalType to;
  int digits = 0;
};

template <Rounding rounding>
const char* round_unscaled(int128 a, const RoundState& state, std::int64_t digits, int128& r) {
  const int128 cut = state.from.scale - static_cast<int128>(digits);
  int at = state.from.scale;
  if (cut > kMaxPrecision) {
    a = 0;
  } else if (cut > 0) {
    a = divide<rounding, int128>(a, power_of_ten(static_cast<int>(cut)));
    at = static_cast<int>(digits);
  }
  // A negative scale: back to units first.
  if (at < 0) {
    if (!rescale(a, at, 0, a)) return kOverflow;
    at = 0;
  }
  return rescale(a, at, state.to.scale, r) && fits_precision(r, state.to.precision) ? nullptr : kOverflow;
}

template <Rounding rounding, class A, class R>
void round_numeric(const KernelCall& call) {
  const RoundState& state = state_of<RoundState>(call);
  each_row<R, A>(call, [&state](R& r, A a) -> const char* {
    int128 rounded = 0;
    const char* const reason = round_unscaled<rounding>(a, state, state.digits, rounded);
    r = static_cast<R>(rounded);
    return reason;
  });
}

// Both short, and only digits behind the point go: no 128-bit arithmetic, nothing to check.
template <Rounding rounding>
void round_short(const KernelCall& call) {
  const RoundState& state = state_of<RoundState>(call);
  const std::int64_t divisor = kShortPowersOfTen[static_cast<std::size_t>(state.from.scale - state.to.scale)];
  map_unary<std::int64_t, std::int64_t>(call,
                                        [divisor](std::int64_t a) { return divide<rounding>(a, divisor); });
}

template <Rounding rounding, class A, class R>
void round_numeric_by_row(const KernelCall& call) {
  const RoundState& state = state_of<RoundState>(call);
  each_row<R, A, std::int64_t>(call, [&state](R& r, A a, std::int64_t digits) -> const char* {
    int128 rounded = 0;
    const char* const reason = round_unscaled<rounding>(a, state, digits, rounded);
    r = static_cast<R>(rounded);
    return reason;
  });
}

bool is_short(LogicalType type) { return type.physical() == PhysicalType::Int64; }

template <Rounding rounding>
Result<BoundFunction> bind_round_to(LogicalType from, int digits) {
  // Rounding up may add a digit in front: 9.99 to one digit is 10.0.
  const LogicalType to = numeric_with(from.precision - from.scale + 1, std::clamp(digits, 0, kMaxPrecision));
  const RoundState state{from, to, digits};
  if (is_short(from) && is_short(to) && digits >= 0 && digits == to.scale && digits <= from.scale) {
    return bound_with(to, round_short<rounding>, state);
  }
  if (is_short(from)) {
    return bound_with(to,
                      is_short(to) ? round_numeric<rounding, std::int64_t, std::int64_t>
                                   : round_numeric<rounding, std::int64_t, int128>,
                      state);
  }
  return bound_with(
      to,
      is_short(to) ? round_numeric<rounding, int128, std::int64_t> : round_numeric<rounding, int128, int128>,
      state);
}

template <Rounding rounding>
Result<BoundFunction> bind_round(Types types, Constants) {
  return bind_round_to<rounding>(types[0], 0);
}

template <Rounding rounding>
Result<BoundFunction> bind_round_digits(Types types, Constants constants) {
  if (const Value* const digits = known(constants, 1)) {
    return bind_round_to<rounding>(types[0],
                                   static_cast<int>(std::clamp<std::int64_t>(digits->bigint(), -100, 100)));
  }
  // The number of digits differs by row: the scale stays that of the argument.
  const LogicalType to = numeric_with(types[0].precision - types[0].scale + 1, types[0].scale);
  const RoundState state{types[0], to, 0};
  if (!is_short(types[0])) return bound_with(to, round_numeric_by_row<rounding, int128, int128>, state);
  return bound_with(to,
                    is_short(to) ? round_numeric_by_row<rounding, std::int64_t, std::int64_t>
                                 : round_numeric_by_row<rounding, std::int64_t, int128>,
                    state);
}

template <class T>
void abs_numeric_kernel(const KernelCall& call) {
  map_unary<T, T>(call, [](T a) { return a < 0 ? static_cast<T>(-static_cast<uint128>(a)) : a; });
}

Result<BoundFunction> bind_abs_numeric(Types types, Constants) {
  return BoundFunction{types[0],
                       is_short(types[0]) ? abs_numeric_kernel<std::int64_t> : abs_numeric_kernel<int128>,
                       nullptr, true};
}

template <class T>
void sign_numeric_kernel(const KernelCall& call) {
  map_unary<std::int64_t, T>(call, [](T a) { return std::int64_t{a > 0} - std::int64_t{a < 0}; });
}

Result<BoundFunction> bind_sign_numeric(Types types, Constants) {
  return BoundFunction{LogicalType::numeric(1, 0),
                       is_short(types[0]) ? sign_numeric_kernel<std::int64_t> : sign_numeric_kernel<int128>,
                       nullptr, true};
}

template <class T>
void min_scale_kernel(const KernelCall& call) {
  const int scale = state_of<RoundState>(call).from.scale;
  each_row<std::int64_t, T>(call, [scale](std::int64_t& r, T a) -> const char* {
    for (r = scale; r > 0 && a % 10 == 0; --r) a /= 10;
    return nullptr;
  });
}

Result<BoundFunction> bind_min_scale(Types types, Constants) {
  return bound_with(LogicalType::of(TypeId::Int),
                    is_short(types[0]) ? min_scale_kernel<std::int64_t> : min_scale_kernel<int128>,
                    RoundState{types[0], types[0], 0});
}

void scale_kernel(const KernelCall& call) {
  std::fill_n(call.out.mutable_data<std::int64_t>(), call.rows,
              std::int64_t{state_of<RoundState>(call).from.scale});
}

Result<BoundFunction> bind_scale(Types types, Constants) {
  return bound_with(LogicalType::of(TypeId::Int), scale_kernel, RoundState{types[0], types[0], 0});
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  using enum Rounding;
  return {
      {"abs", {Int}, false, bind_plain<abs_integer<true>, Int>, "absolute value"},
      {"abs", {BigInt}, false, bind_plain<abs_integer<false>, BigInt>, "absolute value"},
      {"abs", {Numeric}, false, bind_abs_numeric, "absolute value"},
      {"abs", {Double}, false, bind_plain<real_kernel<absolute>, Double>, "absolute value"},
      {"@", {Int}, false, bind_plain<abs_integer<true>, Int>, "absolute value"},
      {"@", {BigInt}, false, bind_plain<abs_integer<false>, BigInt>, "absolute value"},
      {"@", {Numeric}, false, bind_abs_numeric, "absolute value"},
      {"@", {Double}, false, bind_plain<real_kernel<absolute>, Double>, "absolute value"},
      {"ceil", {Numeric}, false, bind_round<Up>, "nearest integer not below"},
      {"ceil", {Double}, false, bind_plain<real_kernel<up>, Double>, "nearest integer not below"},
      {"ceiling", {Numeric}, false, bind_round<Up>, "nearest integer not below"},
      {"ceiling", {Double}, false, bind_plain<real_kernel<up>, Double>, "nearest integer not below"},
      {"floor", {Numeric}, false, bind_round<Down>, "nearest integer not above"},
      {"floor", {Double}, false, bind_plain<real_kernel<down>, Double>, "nearest integer not above"},
      {"round", {Numeric}, false, bind_round<HalfAway>, "nearest integer, halves away from zero"},
      {"round", {Double}, false, bind_plain<real_kernel<nearest>, Double>, "nearest integer, halves to even"},
      {"round",
       {Numeric, Int},
       false,
       bind_round_digits<HalfAway>,
       "rounded to n digits, halves away from zero"},
      {"trunc", {Numeric}, false, bind_round<TowardsZero>, "integer part"},
      {"trunc", {Double}, false, bind_plain<real_kernel<towards_zero>, Double>, "integer part"},
      {"trunc", {Numeric, Int}, false, bind_round_digits<TowardsZero>, "cut to n digits"},
      {"sign", {Numeric}, false, bind_sign_numeric, "-1, 0 or 1"},
      {"sign", {Double}, false, bind_plain<real_kernel<sign_of>, Double>, "-1, 0 or 1"},
      {"scale", {Numeric}, false, bind_scale, "digits behind the point of the type"},
      {"min_scale", {Numeric}, false, bind_min_scale, "digits behind the point that the value needs"},
  };
}

}  // namespace

std::span<const ScalarFunction> rounding_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
