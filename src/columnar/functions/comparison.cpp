#include <cmath>
#include <vector>

#include "columnar/decimal.hpp"
#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"

namespace dart::columnar {
namespace {

// The six comparisons over any ordered type; doubles order NaN equal to itself and above all numbers, as
// PostgreSQL.
struct Equal {
  template <class T>
  static bool holds(const T& a, const T& b) {
    return a == b;
  }
  static bool holds(double a, double b) { return (a == b) | ((a != a) & (b != b)); }
};
struct Less {
  template <class T>
  static bool holds(const T& a, const T& b) {
    return a < b;
  }
  static bool holds(double a, double b) { return (a < b) | ((b != b) & (a == a)); }
};
struct NotEqual {
  template <class T>
  static bool holds(const T& a, const T& b) {
    return !Equal::holds(a, b);
  }
};
struct Greater {
  template <class T>
  static bool holds(const T& a, const T& b) {
    return Less::holds(b, a);
  }
};
struct LessOrEqual {
  template <class T>
  static bool holds(const T& a, const T& b) {
    return !Less::holds(b, a);
  }
};
struct GreaterOrEqual {
  template <class T>
  static bool holds(const T& a, const T& b) {
    return !Less::holds(a, b);
  }
};

template <class Comparison, class T>
void compare_plain(const KernelCall& call) {
  map_binary<std::uint8_t, T, T>(
      call, [](const T& a, const T& b) { return static_cast<std::uint8_t>(Comparison::holds(a, b)); });
}

// With a short literal on the right equality needs only the 16 bytes of the views, never the text behind
// them.
template <class Comparison>
bool equal_to_short(const KernelCall& call) {
  const Vector& b = *call.arguments[1];
  if (!b.is_constant() || b.has_nulls() || !b.data<StringRef>()[0].is_inline()) return false;
  constexpr bool kNegated = std::is_same_v<Comparison, NotEqual>;
  const std::uint64_t head = b.data<StringRef>()[0].head();
  const std::uint64_t tail = b.data<StringRef>()[0].tail();
  map_unary<std::uint8_t, StringRef>(call, [head, tail](const StringRef& a) {
    return static_cast<std::uint8_t>(((a.head() == head) & (a.tail() == tail)) != kNegated);
  });
  return true;
}

template <class Comparison>
void compare_text(const KernelCall& call) {
  if constexpr (std::is_same_v<Comparison, Equal> || std::is_same_v<Comparison, NotEqual>) {
    if (equal_to_short<Comparison>(call)) return;
  }
  each_row<std::uint8_t, StringRef, StringRef>(
      call, [](std::uint8_t& r, const StringRef& a, const StringRef& b) -> const char* {
        r = static_cast<std::uint8_t>(Comparison::holds(a, b));
        return nullptr;
      });
}

// What both sides are multiplied with to stand at one scale; one of the two is 1.
struct Factors {
  std::int64_t short_a = 1;
  std::int64_t short_b = 1;
  int digits_a = 0;  // as powers of ten, for wide values
  int digits_b = 0;
};

// Both sides stay inside 18 digits at the common scale. A factor is spent only on the side that needs it.
template <class Comparison, bool scale_a, bool scale_b>
void compare_short_numeric(const KernelCall& call) {
  const auto factor_a = static_cast<std::uint64_t>(state_of<Factors>(call).short_a);
  const auto factor_b = static_cast<std::uint64_t>(state_of<Factors>(call).short_b);
  map_binary<std::uint8_t, std::int64_t, std::int64_t>(call, [factor_a, factor_b](std::int64_t a,
                                                                                  std::int64_t b) {
    const std::int64_t x = scale_a ? static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * factor_a) : a;
    const std::int64_t y = scale_b ? static_cast<std::int64_t>(static_cast<std::uint64_t>(b) * factor_b) : b;
    return static_cast<std::uint8_t>(Comparison::holds(x, y));
  });
}

template <class Comparison, class A, class B>
void compare_wide_numeric(const KernelCall& call) {
  const int128 factor_a = power_of_ten(state_of<Factors>(call).digits_a);
  const int128 factor_b = power_of_ten(state_of<Factors>(call).digits_b);
  map_binary<std::uint8_t, A, B>(call, [factor_a, factor_b](const A& a, const B& b) {
    int128 x = a;
    int128 y = b;
    // Only the side with fewer digits behind the point is scaled; when it leaves 128 bits it is the larger in
    // size.
    if (__builtin_mul_overflow(x, factor_a, &x)) {
      x = a < 0 ? -1 : 1;
      y = 0;
    } else if (__builtin_mul_overflow(y, factor_b, &y)) {
      y = b < 0 ? -1 : 1;
      x = 0;
    }
    return static_cast<std::uint8_t>(Comparison::holds(x, y));
  });
}

template <class Comparison>
Result<BoundFunction> bind_numeric(Types types, Constants) {
  const LogicalType a = types[0];
  const LogicalType b = types[1];
  Factors factors;
  factors.digits_a = b.scale > a.scale ? b.scale - a.scale : 0;
  factors.digits_b = a.scale > b.scale ? a.scale - b.scale : 0;
  const bool short_a = a.physical() == PhysicalType::Int64;
  const bool short_b = b.physical() == PhysicalType::Int64;
  Kernel kernel = nullptr;
  if (short_a && short_b && a.precision + factors.digits_a <= kMaxShortPrecision &&
      b.precision + factors.digits_b <= kMaxShortPrecision) {
    factors.short_a = kShortPowersOfTen[static_cast<std::size_t>(factors.digits_a)];
    factors.short_b = kShortPowersOfTen[static_cast<std::size_t>(factors.digits_b)];
    kernel = factors.digits_a > 0   ? compare_short_numeric<Comparison, true, false>
             : factors.digits_b > 0 ? compare_short_numeric<Comparison, false, true>
                                    : compare_short_numeric<Comparison, false, false>;
  } else if (short_a) {
    kernel = short_b ? compare_wide_numeric<Comparison, std::int64_t, std::int64_t>
                     : compare_wide_numeric<Comparison, std::int64_t, int128>;
  } else {
    kernel = short_b ? compare_wide_numeric<Comparison, int128, std::int64_t>
                     : compare_wide_numeric<Comparison, int128, int128>;
  }
  return bound_with(LogicalType::of(TypeId::Bool), kernel, factors);
}

template <class Comparison>
void add_comparison(std::vector<ScalarFunction>& list, std::string_view name, std::string_view summary) {
  using enum TypeId;
  const auto add = [&](TypeId a, TypeId b, auto bind) {
    list.push_back({name, {a, b}, false, bind, summary});
  };
  constexpr auto kInt64 = bind_plain<compare_plain<Comparison, std::int64_t>, Bool>;
  add(Bool, Bool, bind_plain<compare_plain<Comparison, std::uint8_t>, Bool>);
  add(Int, Int, kInt64);
  add(BigInt, BigInt, kInt64);
  add(Int, BigInt, kInt64);
  add(BigInt, Int, kInt64);
  add(Double, Double, bind_plain<compare_plain<Comparison, double>, Bool>);
  add(Numeric, Numeric, bind_numeric<Comparison>);
  add(Text, Text, bind_plain<compare_text<Comparison>, Bool>);
  add(Timestamp, Timestamp, kInt64);
  add(TimestampTz, TimestampTz, kInt64);
  add(Timestamp, TimestampTz, kInt64);
  add(TimestampTz, Timestamp, kInt64);
  add(Interval, Interval, kInt64);
  add(Jsonb, Jsonb, bind_plain<compare_text<Comparison>, Bool>);
}

std::vector<ScalarFunction> make_list() {
  std::vector<ScalarFunction> list;
  add_comparison<Equal>(list, "=", "equal");
  add_comparison<NotEqual>(list, "<>", "not equal");
  add_comparison<Less>(list, "<", "less than");
  add_comparison<LessOrEqual>(list, "<=", "less than or equal");
  add_comparison<Greater>(list, ">", "greater than");
  add_comparison<GreaterOrEqual>(list, ">=", "greater than or equal");
  return list;
}

}  // namespace

std::span<const ScalarFunction> comparison_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
