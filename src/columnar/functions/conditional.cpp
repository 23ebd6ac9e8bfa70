#include <vector>

#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/kernels.hpp"

namespace dart::columnar {
namespace {

// PostgreSQL's order: NaN equals itself and is above all numbers.
template <class T>
bool less(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>) {
    return a < b || (b != b && a == a);
  } else {
    return a < b;
  }
}

template <class T>
bool same(const T& a, const T& b) {
  return !less(a, b) && !less(b, a);
}

// NULLs are passed over; only when all are NULL the result is.
template <class T, bool greatest>
void extreme_kernel(const KernelCall& call) {
  T* const out = call.out.mutable_data<T>();
  if constexpr (std::is_same_v<T, StringRef>) {
    for (const Vector* argument : call.arguments) call.out.share_heap(*argument);
  }
  for (std::size_t row = 0; row < call.rows; ++row) {
    const T* best = nullptr;
    for (const Vector* argument : call.arguments) {
      if (argument->is_null(row)) continue;
      const T& value = argument->at<T>(row);
      if (best == nullptr || (greatest ? less(*best, value) : less(value, *best))) best = &value;
    }
    out[row] = best != nullptr ? *best : T{};
    if (best == nullptr) call.out.set_null(row);
  }
}

template <bool greatest>
Result<BoundFunction> bind_extreme(Types types, Constants) {
  const Kernel kernel = visit_physical(
      types[0].physical(), [](auto tag) -> Kernel { return extreme_kernel<decltype(tag), greatest>; });
  return BoundFunction{types[0], kernel, nullptr, false};
}

template <class T>
void nullif_kernel(const KernelCall& call) {
  const Vector& a = *call.arguments[0];
  const Vector& b = *call.arguments[1];
  T* const out = call.out.mutable_data<T>();
  if constexpr (std::is_same_v<T, StringRef>) call.out.share_heap(a);
  for (std::size_t row = 0; row < call.rows; ++row) {
    const bool null = a.is_null(row) || (!b.is_null(row) && same(a.at<T>(row), b.at<T>(row)));
    out[row] = null ? T{} : a.at<T>(row);
    if (null) call.out.set_null(row);
  }
}

Result<BoundFunction> bind_nullif(Types types, Constants) {
  const Kernel kernel =
      visit_physical(types[0].physical(), [](auto tag) -> Kernel { return nullif_kernel<decltype(tag)>; });
  return BoundFunction{types[0], kernel, nullptr, false};
}

template <bool nulls>
void count_nulls_kernel(const KernelCall& call) {
  for (std::size_t row = 0; row < call.rows; ++row) {
    std::int64_t count = 0;
    for (const Vector* argument : call.arguments) count += argument->is_null(row) == nulls ? 1 : 0;
    call.out.mutable_data<std::int64_t>()[row] = count;
  }
}

std::vector<ScalarFunction> make_list() {
  constexpr TypeId kAny = TypeId::Null;
  constexpr auto kNulls = bind_seeing_nulls<count_nulls_kernel<true>, TypeId::Int>;
  constexpr auto kNonNulls = bind_seeing_nulls<count_nulls_kernel<false>, TypeId::Int>;
  return {
      {"greatest", {kAny}, true, bind_extreme<true>, "the largest argument that is not NULL"},
      {"least", {kAny}, true, bind_extreme<false>, "the smallest argument that is not NULL"},
      {"nullif", {kAny, kAny}, false, bind_nullif, "NULL when both are equal, else the first"},
      {"num_nulls", {kAny}, true, kNulls, "how many arguments are NULL", true},
      {"num_nonnulls", {kAny}, true, kNonNulls, "how many arguments are not NULL", true},
  };
}

}  // namespace

std::span<const ScalarFunction> conditional_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
