#include <cmath>
#include <numbers>
#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"

/// Functions of double precision, with PostgreSQL's errors; those of numeric are in numeric_functions.cpp.
namespace dart::columnar {
namespace {

constexpr const char* kOverflow = "value out of range: overflow";
constexpr const char* kUnderflow = "value out of range: underflow";
constexpr const char* kInput = "input is out of range";

constexpr double kDegree = std::numbers::pi / 180;

// A function of one double: stores the result, returns null or the reason why there is none.
using Unary = const char* (*)(double& r, double a);
using Binary = const char* (*)(double& r, double a, double b);

template <Unary f>
void unary_kernel(const KernelCall& call) {
  each_row<double, double>(call, f);
}

template <Binary f>
void binary_kernel(const KernelCall& call) {
  each_row<double, double, double>(call, f);
}

// Functions that cannot go wrong.
template <double (*f)(double)>
void total_kernel(const KernelCall& call) {
  each_row<double, double>(call, [](double& r, double a) -> const char* {
    r = f(a);
    return nullptr;
  });
}

const char* square_root(double& r, double a) {
  if (a < 0) return "cannot take square root of a negative number";
  r = std::sqrt(a);
  return nullptr;
}

const char* exponential(double& r, double a) {
  r = std::exp(a);
  if (std::isinf(r) && !std::isinf(a)) return kOverflow;
  return r == 0 && !std::isinf(a) ? kUnderflow : nullptr;
}

template <double (*f)(double)>
const char* logarithm(double& r, double a) {
  if (a == 0) return "cannot take logarithm of zero";
  if (a < 0) return "cannot take logarithm of a negative number";
  r = f(a);
  return nullptr;
}
double natural(double a) { return std::log(a); }
double decimal(double a) { return std::log10(a); }

const char* power(double& r, double a, double b) {
  if (a == 0 && b < 0) return "zero raised to a negative power is undefined";
  if (a < 0 && std::isfinite(a) && std::isfinite(b) && std::floor(b) != b) {
    return "a negative number raised to a non-integer power yields a complex result";
  }
  r = std::pow(a, b);
  if (!std::isfinite(a) || !std::isfinite(b)) return nullptr;
  if (std::isinf(r)) return kOverflow;
  return r == 0 && a != 0 ? kUnderflow : nullptr;
}

template <double (*f)(double)>
const char* of_angle(double& r, double a) {
  if (std::isinf(a)) return kInput;
  r = f(a);
  return nullptr;
}
double sine(double a) { return std::sin(a); }
double cosine(double a) { return std::cos(a); }
double tangent(double a) { return std::tan(a); }
double cotangent(double a) { return 1 / std::tan(a); }

template <double (*f)(double)>
const char* of_ratio(double& r, double a) {
  if (a < -1 || a > 1) return kInput;
  r = f(a);
  return nullptr;
}
double arc_sine(double a) { return std::asin(a); }
double arc_cosine(double a) { return std::acos(a); }
double arc_tangent(double a) { return std::atan(a); }
double hyperbolic_arc_tangent(double a) { return std::atanh(a); }

// Degrees: scaled so that the well known angles give exact results (sind(30) is 0.5), as PostgreSQL does.
double sine_to_30(double a) { return std::sin(a * kDegree) / std::sin(30 * kDegree) / 2; }
double cosine_to_60(double a) { return 1 - (1 - std::cos(a * kDegree)) / (1 - std::cos(60 * kDegree)) / 2; }
double sine_to_90(double a) { return a <= 30 ? sine_to_30(a) : cosine_to_60(90 - a); }
double cosine_to_90(double a) { return a <= 60 ? cosine_to_60(a) : sine_to_30(90 - a); }

/// Brings an angle into [0, 180]; the sign says on which side of 0 it lay.
double to_half_turn(double& a) {
  a = std::fmod(a, 360);
  const double sign = a < 0 ? -1 : 1;
  a = std::fabs(a);
  if (a <= 180) return sign;
  a = 360 - a;
  return -sign;
}

double sine_degrees(double a) {
  const double sign = to_half_turn(a);
  if (a > 90) a = 180 - a;
  return sign * sine_to_90(a);
}

double cosine_degrees(double a) {
  to_half_turn(a);
  return a > 90 ? -cosine_to_90(180 - a) : cosine_to_90(a);
}

// Of an angle reduced to [0, 90], with the sign of its quadrant; never -0.
template <bool inverse>
double tangent_degrees(double a) {
  double sign = to_half_turn(a);
  if (a > 90) {
    a = 180 - a;
    sign = -sign;
  }
  const double tangent_45 = sine_to_90(45) / cosine_to_90(45);
  const double ratio = inverse ? cosine_to_90(a) / sine_to_90(a) : sine_to_90(a) / cosine_to_90(a);
  const double result = sign * (inverse ? ratio * tangent_45 : ratio / tangent_45);
  return result == 0 ? 0 : result;
}

double arc_sine_to_90(double a) {
  return a <= 0.5 ? std::asin(a) / std::asin(0.5) * 30 : 90 - std::acos(a) / std::acos(0.5) * 60;
}
double arc_sine_degrees(double a) { return a >= 0 ? arc_sine_to_90(a) : -arc_sine_to_90(-a); }
double arc_cosine_to_90(double a) {
  return a <= 0.5 ? 90 - std::asin(a) / std::asin(0.5) * 30 : std::acos(a) / std::acos(0.5) * 60;
}
double arc_cosine_degrees(double a) { return a >= 0 ? arc_cosine_to_90(a) : 90 + arc_sine_to_90(-a); }
double arc_tangent_degrees(double a) { return std::atan(a) / std::atan(1.0) * 45; }

const char* arc_tangent_2(double& r, double a, double b) {
  r = std::atan2(a, b);
  return nullptr;
}
const char* arc_tangent_2_degrees(double& r, double a, double b) {
  r = std::atan2(a, b) / std::atan(1.0) * 45;
  return nullptr;
}

double cube_root(double a) { return std::cbrt(a); }
double to_degrees(double a) { return a / kDegree; }
double to_radians(double a) { return a * kDegree; }
double hyperbolic_sine(double a) { return std::sinh(a); }
double hyperbolic_cosine(double a) { return std::cosh(a); }
double hyperbolic_tangent(double a) { return std::tanh(a); }
double hyperbolic_arc_sine(double a) { return std::asinh(a); }

const char* hyperbolic_arc_cosine(double& r, double a) {
  if (a < 1) return kInput;
  r = std::acosh(a);
  return nullptr;
}

void pi_kernel(const KernelCall& call) {
  for (std::size_t row = 0; row < call.rows; ++row) call.out.mutable_data<double>()[row] = std::numbers::pi;
}

// long: a table, one entry a function
std::vector<ScalarFunction> make_list() {
  std::vector<ScalarFunction> list;
  const auto add = [&](std::string_view name, auto bind, std::string_view summary,
                       std::size_t arguments = 1) {
    list.push_back({name, std::vector<TypeId>(arguments, TypeId::Double), false, bind, summary});
  };
  constexpr auto kDouble = TypeId::Double;
  add("sqrt", bind_plain<unary_kernel<square_root>, kDouble>, "square root");
  add("|/", bind_plain<unary_kernel<square_root>, kDouble>, "square root");
  add("cbrt", bind_plain<total_kernel<cube_root>, kDouble>, "cube root");
  add("||/", bind_plain<total_kernel<cube_root>, kDouble>, "cube root");
  add("exp", bind_plain<unary_kernel<exponential>, kDouble>, "e to the power of x");
  add("ln", bind_plain<unary_kernel<logarithm<natural>>, kDouble>, "natural logarithm");
  add("log", bind_plain<unary_kernel<logarithm<decimal>>, kDouble>, "logarithm to base 10");
  add("log10", bind_plain<unary_kernel<logarithm<decimal>>, kDouble>, "logarithm to base 10");
  add("power", bind_plain<binary_kernel<power>, kDouble>, "x to the power of y", 2);
  add("pow", bind_plain<binary_kernel<power>, kDouble>, "x to the power of y", 2);
  add("^", bind_plain<binary_kernel<power>, kDouble>, "x to the power of y", 2);
  add("degrees", bind_plain<total_kernel<to_degrees>, kDouble>, "radians as degrees");
  add("radians", bind_plain<total_kernel<to_radians>, kDouble>, "degrees as radians");
  add("pi", bind_plain<pi_kernel, kDouble>, "3.141592653589793", 0);
  add("sin", bind_plain<unary_kernel<of_angle<sine>>, kDouble>, "sine");
  add("cos", bind_plain<unary_kernel<of_angle<cosine>>, kDouble>, "cosine");
  add("tan", bind_plain<unary_kernel<of_angle<tangent>>, kDouble>, "tangent");
  add("cot", bind_plain<unary_kernel<of_angle<cotangent>>, kDouble>, "cotangent");
  add("asin", bind_plain<unary_kernel<of_ratio<arc_sine>>, kDouble>, "inverse sine");
  add("acos", bind_plain<unary_kernel<of_ratio<arc_cosine>>, kDouble>, "inverse cosine");
  add("atan", bind_plain<total_kernel<arc_tangent>, kDouble>, "inverse tangent");
  add("atan2", bind_plain<binary_kernel<arc_tangent_2>, kDouble>, "inverse tangent of y / x", 2);
  add("sind", bind_plain<unary_kernel<of_angle<sine_degrees>>, kDouble>, "sine of degrees");
  add("cosd", bind_plain<unary_kernel<of_angle<cosine_degrees>>, kDouble>, "cosine of degrees");
  add("tand", bind_plain<unary_kernel<of_angle<tangent_degrees<false>>>, kDouble>, "tangent of degrees");
  add("cotd", bind_plain<unary_kernel<of_angle<tangent_degrees<true>>>, kDouble>, "cotangent of degrees");
  add("asind", bind_plain<unary_kernel<of_ratio<arc_sine_degrees>>, kDouble>, "inverse sine in degrees");
  add("acosd", bind_plain<unary_kernel<of_ratio<arc_cosine_degrees>>, kDouble>, "inverse cosine in degrees");
  add("atand", bind_plain<total_kernel<arc_tangent_degrees>, kDouble>, "inverse tangent in degrees");
  add("atan2d", bind_plain<binary_kernel<arc_tangent_2_degrees>, kDouble>,
      "inverse tangent of y / x in degrees", 2);
  add("sinh", bind_plain<total_kernel<hyperbolic_sine>, kDouble>, "hyperbolic sine");
  add("cosh", bind_plain<total_kernel<hyperbolic_cosine>, kDouble>, "hyperbolic cosine");
  add("tanh", bind_plain<total_kernel<hyperbolic_tangent>, kDouble>, "hyperbolic tangent");
  add("asinh", bind_plain<total_kernel<hyperbolic_arc_sine>, kDouble>, "inverse hyperbolic sine");
  add("acosh", bind_plain<unary_kernel<hyperbolic_arc_cosine>, kDouble>, "inverse hyperbolic cosine");
  add("atanh", bind_plain<unary_kernel<of_ratio<hyperbolic_arc_tangent>>, kDouble>,
      "inverse hyperbolic tangent");
  return list;
}

}  // namespace

std::span<const ScalarFunction> math_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
