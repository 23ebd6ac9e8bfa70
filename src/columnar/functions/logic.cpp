#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"

namespace dart::columnar {
namespace {

void logical_not(const KernelCall& call) {
  map_unary<std::uint8_t, std::uint8_t>(call,
                                        [](std::uint8_t a) { return static_cast<std::uint8_t>(a == 0); });
}

template <bool wanted>
void is_null(const KernelCall& call) {
  const Vector& a = *call.arguments[0];
  auto* const out = call.out.mutable_data<std::uint8_t>();
  for (std::size_t i = 0; i < call.rows; ++i) out[i] = static_cast<std::uint8_t>(a.is_null(i) == wanted);
}

// IS [NOT] TRUE / FALSE; NULL is neither.
template <bool value, bool wanted>
void is_value(const KernelCall& call) {
  const Vector& a = *call.arguments[0];
  auto* const out = call.out.mutable_data<std::uint8_t>();
  for (std::size_t i = 0; i < call.rows; ++i) {
    const bool holds = !a.is_null(i) && (a.at<std::uint8_t>(i) != 0) == value;
    out[i] = static_cast<std::uint8_t>(holds == wanted);
  }
}

bool same(double a, double b) { return a == b || (a != a && b != b); }
template <class T>
bool same(const T& a, const T& b) {
  return a == b;
}

template <class T, bool wanted>
void is_distinct(const KernelCall& call) {
  const Vector& a = *call.arguments[0];
  const Vector& b = *call.arguments[1];
  auto* const out = call.out.mutable_data<std::uint8_t>();
  for (std::size_t i = 0; i < call.rows; ++i) {
    const bool null_a = a.is_null(i);
    const bool null_b = b.is_null(i);
    const bool distinct = null_a || null_b ? null_a != null_b : !same(a.at<T>(i), b.at<T>(i));
    out[i] = static_cast<std::uint8_t>(distinct == wanted);
  }
}

template <bool wanted>
Result<BoundFunction> bind_distinct(Types types, Constants) {
  const Kernel kernel = visit_physical(types[0].physical(),
                                       [](auto tag) -> Kernel { return is_distinct<decltype(tag), wanted>; });
  return BoundFunction{LogicalType::of(TypeId::Bool), kernel, nullptr, false};
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  constexpr TypeId kAny = Null;
  return {
      {"not", {Bool}, false, bind_plain<logical_not, Bool>, "true for false, false for true"},
      {"is null", {kAny}, false, bind_seeing_nulls<is_null<true>, Bool>, "whether it is NULL"},
      {"is not null", {kAny}, false, bind_seeing_nulls<is_null<false>, Bool>, "whether it is not NULL"},
      {"is unknown", {Bool}, false, bind_seeing_nulls<is_null<true>, Bool>, "whether it is NULL"},
      {"is not unknown", {Bool}, false, bind_seeing_nulls<is_null<false>, Bool>, "whether it is not NULL"},
      {"is true", {Bool}, false, bind_seeing_nulls<is_value<true, true>, Bool>, "true, and not NULL"},
      {"is not true", {Bool}, false, bind_seeing_nulls<is_value<true, false>, Bool>, "false or NULL"},
      {"is false", {Bool}, false, bind_seeing_nulls<is_value<false, true>, Bool>, "false, and not NULL"},
      {"is not false", {Bool}, false, bind_seeing_nulls<is_value<false, false>, Bool>, "true or NULL"},
      {"is distinct from", {kAny, kAny}, false, bind_distinct<true>, "not equal, NULL taken for a value"},
      {"is not distinct from", {kAny, kAny}, false, bind_distinct<false>, "equal, NULL taken for a value"},
  };
}

}  // namespace

std::span<const ScalarFunction> logic_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
