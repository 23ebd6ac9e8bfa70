#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "columnar/function.hpp"

/// The loops of all scalar kernels, written once. A loop knows at compile time which arguments are constant,
/// so that the plain ones vectorise. Values of NULL rows may be anything: a function given to `map` or
/// `map_checked` must be total over all bits of its arguments (unsigned arithmetic, no division by an
/// argument); strings are never looked into for NULL rows.
namespace dart::columnar {

namespace detail {

template <std::size_t stride_a, std::size_t stride_b, class R, class A, class B, class F>
void loop(R* out, const A* a, const B* b, std::size_t rows, F f) {
  for (std::size_t i = 0; i < rows; ++i) out[i] = f(a[i * stride_a], b[i * stride_b]);
}

/// Calls `f` with std::integral_constants of the strides of two arguments (1 flat, 0 constant).
template <class F>
void with_strides(const Vector& a, const Vector& b, F f) {
  using Flat = std::integral_constant<std::size_t, 1>;
  using Constant = std::integral_constant<std::size_t, 0>;
  if (a.is_constant()) {
    if (b.is_constant()) {
      f(Constant{}, Constant{});
    } else {
      f(Constant{}, Flat{});
    }
  } else if (b.is_constant()) {
    f(Flat{}, Constant{});
  } else {
    f(Flat{}, Flat{});
  }
}

template <class R, class... Args, class F, std::size_t... i>
void each_row(const KernelCall& call, F& f, std::index_sequence<i...>) {
  R* const out = call.out.mutable_data<R>();
  const bool nulls = call.out.has_nulls();
  for (std::size_t row = 0; row < call.rows; ++row) {
    if (nulls && call.out.is_null(row)) {
      out[row] = R{};
      continue;
    }
    const char* const reason = f(out[row], call.arguments[i]->at<Args>(row)...);
    if (reason != nullptr) {
      out[row] = R{};
      call.errors.mark(row, reason);
    }
  }
}

}  // namespace detail

/// out = f(a) for every row.
template <class R, class A, class F>
void map_unary(const KernelCall& call, F f) {
  R* const out = call.out.mutable_data<R>();
  const A* const a = call.arguments[0]->data<A>();
  const std::size_t rows = call.arguments[0]->is_constant() ? 1 : call.rows;
  for (std::size_t i = 0; i < rows; ++i) out[i] = f(a[i]);
  for (std::size_t i = rows; i < call.rows; ++i) out[i] = out[0];
}

/// out = f(a, b) for every row.
template <class R, class A, class B, class F>
void map_binary(const KernelCall& call, F f) {
  const Vector& a = *call.arguments[0];
  const Vector& b = *call.arguments[1];
  detail::with_strides(a, b, [&](auto stride_a, auto stride_b) {
    detail::loop<stride_a, stride_b>(call.out.mutable_data<R>(), a.data<A>(), b.data<B>(), call.rows, f);
  });
}

/// f(a, out) returns a word that is negative when the row failed for `reason`. One flag is kept for all rows;
/// only when it is set a second pass finds the rows.
template <class R, class A, class F>
void map_unary_checked(const KernelCall& call, const char* reason, F f) {
  R* const out = call.out.mutable_data<R>();
  const Vector& a = *call.arguments[0];
  std::int64_t flags = 0;
  for (std::size_t i = 0; i < call.rows; ++i) flags |= f(a.at<A>(i), out[i]);
  if (flags >= 0) return;
  for (std::size_t i = 0; i < call.rows; ++i) {
    if (f(a.at<A>(i), out[i]) < 0) call.fail(i, reason);
  }
}

/// As map_unary_checked, for f(a, b, out).
template <class R, class A, class B, class F>
void map_binary_checked(const KernelCall& call, const char* reason, F f) {
  const Vector& a = *call.arguments[0];
  const Vector& b = *call.arguments[1];
  R* const out = call.out.mutable_data<R>();
  std::int64_t flags = 0;
  detail::with_strides(a, b, [&](auto stride_a, auto stride_b) {
    const A* const pa = a.data<A>();
    const B* const pb = b.data<B>();
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < call.rows; ++i) {
      R result;
      seen |= f(pa[i * stride_a], pb[i * stride_b], result);
      out[i] = result;
    }
    flags = seen;
  });
  if (flags >= 0) return;
  for (std::size_t i = 0; i < call.rows; ++i) {
    if (f(a.at<A>(i), b.at<B>(i), out[i]) < 0) call.fail(i, reason);
  }
}

/// Visits only the rows that are not NULL: f(out, arguments...) returns null, or the reason why the row
/// failed.
template <class R, class... Args, class F>
void each_row(const KernelCall& call, F f) {
  detail::each_row<R, Args...>(call, f, std::index_sequence_for<Args...>{});
}

/// What a checked function returns for a failed row.
[[nodiscard]] constexpr std::int64_t failed_if(bool failed) { return -static_cast<std::int64_t>(failed); }

}  // namespace dart::columnar
