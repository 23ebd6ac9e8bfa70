#include <cmath>
#include <limits>
#include <vector>

#include "columnar/civil.hpp"
#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"

namespace dart::columnar {
namespace {

constexpr const char* kIntRange = "integer out of range";
constexpr const char* kBigIntRange = "bigint out of range";
constexpr const char* kTimestampRange = "timestamp out of range";
constexpr const char* kIntervalRange = "interval out of range";
constexpr const char* kZeroDivide = "division by zero";
constexpr const char* kOverflow = "value out of range: overflow";
constexpr const char* kUnderflow = "value out of range: underflow";

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

// Each operation stores its result and returns a negative word when it left the type.
struct Add {
  static std::int64_t wide(std::int64_t a, std::int64_t b, std::int64_t& r) {
    r = static_cast<std::int64_t>(bits(a) + bits(b));
    return (a ^ r) & (b ^ r);
  }
  static double real(double a, double b) { return a + b; }
};
struct Subtract {
  static std::int64_t wide(std::int64_t a, std::int64_t b, std::int64_t& r) {
    r = static_cast<std::int64_t>(bits(a) - bits(b));
    return (a ^ b) & (a ^ r);
  }
  static double real(double a, double b) { return a - b; }
};
struct Multiply {
  static std::int64_t wide(std::int64_t a, std::int64_t b, std::int64_t& r) {
    return failed_if(__builtin_mul_overflow(a, b, &r));
  }
  static double real(double a, double b) { return a * b; }
};

// Negative when the value needs more than 32 bits.
std::int64_t outside_int(std::int64_t value) {
  return -static_cast<std::int64_t>((bits(value) + 0x80000000U) >> 32);
}

template <class Operation>
void int_operation(const KernelCall& call) {
  // Two 32-bit operands cannot leave 64 bits, so that one test of the result is enough.
  map_binary_checked<std::int64_t, std::int64_t, std::int64_t>(
      call, kIntRange, [](std::int64_t a, std::int64_t b, std::int64_t& r) {
        Operation::wide(a, b, r);
        return outside_int(r);
      });
}

template <class Operation>
void bigint_operation(const KernelCall& call) {
  map_binary_checked<std::int64_t, std::int64_t, std::int64_t>(
      call, kBigIntRange,
      [](std::int64_t a, std::int64_t b, std::int64_t& r) { return Operation::wide(a, b, r); });
}

bool is_infinite(double value) { return std::fabs(value) > std::numeric_limits<double>::max(); }

template <class Operation>
void double_operation(const KernelCall& call) {
  map_binary_checked<double, double, double>(call, kOverflow, [](double a, double b, double& r) {
    r = Operation::real(a, b);
    return failed_if(is_infinite(r) & !is_infinite(a) & !is_infinite(b));
  });
}

void multiply_double(const KernelCall& call) {
  double_operation<Multiply>(call);
  const double* const out = call.out.data<double>();
  std::int64_t zero = 0;
  for (std::size_t i = 0; i < call.rows; ++i) zero |= failed_if(out[i] == 0);
  if (zero == 0) return;
  for (std::size_t i = 0; i < call.rows; ++i) {
    if (out[i] == 0 && call.arguments[0]->at<double>(i) != 0 && call.arguments[1]->at<double>(i) != 0) {
      call.fail(i, kUnderflow);
    }
  }
}

void divide_double(const KernelCall& call) {
  each_row<double, double, double>(call, [](double& r, double a, double b) -> const char* {
    if (b == 0 && !std::isnan(a)) return kZeroDivide;
    r = a / b;
    if (std::isinf(r) && !std::isinf(a)) return kOverflow;
    if (r == 0 && a != 0 && !std::isinf(b)) return kUnderflow;
    return nullptr;
  });
}

template <bool is_int>
void divide_integer(const KernelCall& call) {
  each_row<std::int64_t, std::int64_t, std::int64_t>(
      call, [](std::int64_t& r, std::int64_t a, std::int64_t b) -> const char* {
        if (b == 0) return kZeroDivide;
        if (b == -1) {
          const std::int64_t flag = Subtract::wide(0, a, r);
          if (is_int) return outside_int(r) < 0 ? kIntRange : nullptr;
          return flag < 0 ? kBigIntRange : nullptr;
        }
        r = a / b;
        return nullptr;
      });
}

void modulo_integer(const KernelCall& call) {
  each_row<std::int64_t, std::int64_t, std::int64_t>(
      call, [](std::int64_t& r, std::int64_t a, std::int64_t b) -> const char* {
        if (b == 0) return kZeroDivide;
        r = b == -1 ? 0 : a % b;
        return nullptr;
      });
}

void negate_int(const KernelCall& call) {
  map_unary_checked<std::int64_t, std::int64_t>(call, kIntRange, [](std::int64_t a, std::int64_t& r) {
    Subtract::wide(0, a, r);
    return outside_int(r);
  });
}

void negate_bigint(const KernelCall& call) {
  map_unary_checked<std::int64_t, std::int64_t>(
      call, kBigIntRange, [](std::int64_t a, std::int64_t& r) { return Subtract::wide(0, a, r); });
}

void negate_interval(const KernelCall& call) {
  map_unary_checked<std::int64_t, std::int64_t>(
      call, kIntervalRange, [](std::int64_t a, std::int64_t& r) { return Subtract::wide(0, a, r); });
}

void negate_double(const KernelCall& call) {
  map_unary<double, double>(call, [](double a) { return -a; });
}

void same_int64(const KernelCall& call) {
  map_unary<std::int64_t, std::int64_t>(call, [](std::int64_t a) { return a; });
}

void same_double(const KernelCall& call) {
  map_unary<double, double>(call, [](double a) { return a; });
}

// An infinite timestamp stays what it is.
template <class Operation>
std::int64_t move_time(std::int64_t time, std::int64_t interval, std::int64_t& r) {
  const std::int64_t flag = Operation::wide(time, interval, r);
  if (is_finite_time(time)) return flag | failed_if(!is_finite_time(r));
  r = time;
  return 0;
}

template <class Operation>
void time_and_interval(const KernelCall& call) {
  map_binary_checked<std::int64_t, std::int64_t, std::int64_t>(
      call, kTimestampRange, [](std::int64_t time, std::int64_t interval, std::int64_t& r) {
        return move_time<Operation>(time, interval, r);
      });
}

void interval_plus_time(const KernelCall& call) {
  map_binary_checked<std::int64_t, std::int64_t, std::int64_t>(
      call, kTimestampRange, [](std::int64_t interval, std::int64_t time, std::int64_t& r) {
        return move_time<Add>(time, interval, r);
      });
}

void time_minus_time(const KernelCall& call) {
  map_binary_checked<std::int64_t, std::int64_t, std::int64_t>(
      call, "cannot subtract infinite timestamps", [](std::int64_t a, std::int64_t b, std::int64_t& r) {
        return Subtract::wide(a, b, r) | failed_if(!is_finite_time(a) | !is_finite_time(b));
      });
}

template <class Operation>
void interval_operation(const KernelCall& call) {
  map_binary_checked<std::int64_t, std::int64_t, std::int64_t>(
      call, kIntervalRange,
      [](std::int64_t a, std::int64_t b, std::int64_t& r) { return Operation::wide(a, b, r); });
}

const char* scaled_interval(std::int64_t& r, double us) {
  const double rounded = std::nearbyint(us);
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) return kIntervalRange;
  r = static_cast<std::int64_t>(rounded);
  return nullptr;
}

void interval_times_double(const KernelCall& call) {
  each_row<std::int64_t, std::int64_t, double>(call, [](std::int64_t& r, std::int64_t a, double b) {
    return scaled_interval(r, static_cast<double>(a) * b);
  });
}

void double_times_interval(const KernelCall& call) {
  each_row<std::int64_t, double, std::int64_t>(call, [](std::int64_t& r, double a, std::int64_t b) {
    return scaled_interval(r, a * static_cast<double>(b));
  });
}

void interval_by_double(const KernelCall& call) {
  each_row<std::int64_t, std::int64_t, double>(call, [](std::int64_t& r, std::int64_t a, double b) {
    return b == 0 ? kZeroDivide : scaled_interval(r, static_cast<double>(a) / b);
  });
}

void bitwise_and(const KernelCall& call) {
  map_binary<std::int64_t, std::int64_t, std::int64_t>(call,
                                                       [](std::int64_t a, std::int64_t b) { return a & b; });
}
void bitwise_or(const KernelCall& call) {
  map_binary<std::int64_t, std::int64_t, std::int64_t>(call,
                                                       [](std::int64_t a, std::int64_t b) { return a | b; });
}
void bitwise_xor(const KernelCall& call) {
  map_binary<std::int64_t, std::int64_t, std::int64_t>(call,
                                                       [](std::int64_t a, std::int64_t b) { return a ^ b; });
}
void bitwise_not(const KernelCall& call) {
  map_unary<std::int64_t, std::int64_t>(call, [](std::int64_t a) { return ~a; });
}

// The distance counts modulo the width of the type, as in PostgreSQL on common machines.
template <unsigned width>
void shift_left(const KernelCall& call) {
  map_binary<std::int64_t, std::int64_t, std::int64_t>(call, [](std::int64_t a, std::int64_t b) {
    const std::uint64_t shifted = bits(a) << (bits(b) % width);
    if constexpr (width == 32) return static_cast<std::int64_t>(static_cast<std::int32_t>(shifted));
    return static_cast<std::int64_t>(shifted);
  });
}
template <unsigned width>
void shift_right(const KernelCall& call) {
  map_binary<std::int64_t, std::int64_t, std::int64_t>(
      call, [](std::int64_t a, std::int64_t b) { return a >> (bits(b) % width); });
}

using enum TypeId;

// The signatures of an operator over integers of any mix, and over doubles.
template <Kernel of_int, Kernel of_bigint>
void add_integers(std::vector<ScalarFunction>& list, std::string_view name, std::string_view summary) {
  list.push_back({name, {Int, Int}, false, bind_plain<of_int, Int>, summary});
  list.push_back({name, {BigInt, BigInt}, false, bind_plain<of_bigint, BigInt>, summary});
  list.push_back({name, {Int, BigInt}, false, bind_plain<of_bigint, BigInt>, summary});
  list.push_back({name, {BigInt, Int}, false, bind_plain<of_bigint, BigInt>, summary});
}

template <TypeId time>
void add_time(std::vector<ScalarFunction>& list) {
  list.push_back(
      {"+", {time, Interval}, false, bind_plain<time_and_interval<Add>, time>, "later by an interval"});
  list.push_back(
      {"+", {Interval, time}, false, bind_plain<interval_plus_time, time>, "later by an interval"});
  list.push_back({"-",
                  {time, Interval},
                  false,
                  bind_plain<time_and_interval<Subtract>, time>,
                  "earlier by an interval"});
  list.push_back({"-", {time, time}, false, bind_plain<time_minus_time, Interval>, "the time between"});
}

void add_intervals(std::vector<ScalarFunction>& list) {
  list.push_back({"+", {Interval, Interval}, false, bind_plain<interval_operation<Add>, Interval>, "sum"});
  list.push_back(
      {"-", {Interval, Interval}, false, bind_plain<interval_operation<Subtract>, Interval>, "difference"});
  list.push_back({"*", {Interval, Double}, false, bind_plain<interval_times_double, Interval>, "product"});
  list.push_back({"*", {Double, Interval}, false, bind_plain<double_times_interval, Interval>, "product"});
  list.push_back({"/", {Interval, Double}, false, bind_plain<interval_by_double, Interval>, "quotient"});
  list.push_back({"-", {Interval}, false, bind_plain<negate_interval, Interval>, "the opposite"});
}

std::vector<ScalarFunction> make_list() {
  std::vector<ScalarFunction> list;
  add_integers<int_operation<Add>, bigint_operation<Add>>(list, "+", "sum");
  add_integers<int_operation<Subtract>, bigint_operation<Subtract>>(list, "-", "difference");
  add_integers<int_operation<Multiply>, bigint_operation<Multiply>>(list, "*", "product");
  add_integers<divide_integer<true>, divide_integer<false>>(list, "/", "quotient, cut towards zero");
  add_integers<modulo_integer, modulo_integer>(list, "%", "remainder, with the sign of the dividend");
  add_integers<modulo_integer, modulo_integer>(list, "mod", "remainder, with the sign of the dividend");
  list.push_back({"+", {Double, Double}, false, bind_plain<double_operation<Add>, Double>, "sum"});
  list.push_back(
      {"-", {Double, Double}, false, bind_plain<double_operation<Subtract>, Double>, "difference"});
  list.push_back({"*", {Double, Double}, false, bind_plain<multiply_double, Double>, "product"});
  list.push_back({"/", {Double, Double}, false, bind_plain<divide_double, Double>, "quotient"});
  list.push_back({"-", {Int}, false, bind_plain<negate_int, Int>, "the opposite"});
  list.push_back({"-", {BigInt}, false, bind_plain<negate_bigint, BigInt>, "the opposite"});
  list.push_back({"-", {Double}, false, bind_plain<negate_double, Double>, "the opposite"});
  list.push_back({"+", {Int}, false, bind_plain<same_int64, Int>, "the same"});
  list.push_back({"+", {BigInt}, false, bind_plain<same_int64, BigInt>, "the same"});
  list.push_back({"+", {Double}, false, bind_plain<same_double, Double>, "the same"});
  add_time<Timestamp>(list);
  add_time<TimestampTz>(list);
  add_intervals(list);
  add_integers<bitwise_and, bitwise_and>(list, "&", "bitwise and");
  add_integers<bitwise_or, bitwise_or>(list, "|", "bitwise or");
  add_integers<bitwise_xor, bitwise_xor>(list, "#", "bitwise exclusive or");
  list.push_back({"~", {Int}, false, bind_plain<bitwise_not, Int>, "bitwise not"});
  list.push_back({"~", {BigInt}, false, bind_plain<bitwise_not, BigInt>, "bitwise not"});
  list.push_back({"<<", {Int, Int}, false, bind_plain<shift_left<32>, Int>, "bits moved left"});
  list.push_back({"<<", {BigInt, Int}, false, bind_plain<shift_left<64>, BigInt>, "bits moved left"});
  list.push_back({">>", {Int, Int}, false, bind_plain<shift_right<32>, Int>, "bits moved right"});
  list.push_back({">>", {BigInt, Int}, false, bind_plain<shift_right<64>, BigInt>, "bits moved right"});
  return list;
}

}  // namespace

std::span<const ScalarFunction> arithmetic_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
