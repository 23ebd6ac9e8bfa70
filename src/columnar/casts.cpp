#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>

#include "columnar/decimal.hpp"
#include "columnar/function.hpp"
#include "columnar/json_text.hpp"
#include "columnar/kernels.hpp"
#include "columnar/numeric_math.hpp"
#include "columnar/text_form.hpp"

namespace dart::columnar {
namespace {

constexpr const char* kIntRange = "integer out of range";
constexpr const char* kBigIntRange = "bigint out of range";
constexpr const char* kNumericRange = "numeric field overflow";

// The two types of a cast, for kernels that need their scales or names.
struct CastState {
  LogicalType from;
  LogicalType to;
};

const CastState& state_of(const KernelCall& call) { return *static_cast<const CastState*>(call.state); }

bool is_int(std::int64_t value) { return value == static_cast<std::int32_t>(value); }

template <class T>
void copy_values(const KernelCall& call) {
  map_unary<T, T>(call, [](const T& a) { return a; });
}

void copy_text(const KernelCall& call) {
  call.out.share_heap(*call.arguments[0]);
  copy_values<StringRef>(call);
}

void bigint_to_int(const KernelCall& call) {
  map_unary_checked<std::int64_t, std::int64_t>(call, kIntRange, [](std::int64_t a, std::int64_t& r) {
    r = a;
    return failed_if(!is_int(a));
  });
}

void bigint_to_double(const KernelCall& call) {
  map_unary<double, std::int64_t>(call, [](std::int64_t a) { return static_cast<double>(a); });
}

void int_to_bool(const KernelCall& call) {
  map_unary<std::uint8_t, std::int64_t>(call,
                                        [](std::int64_t a) { return static_cast<std::uint8_t>(a != 0); });
}

void bool_to_int(const KernelCall& call) {
  map_unary<std::int64_t, std::uint8_t>(call, [](std::uint8_t a) { return std::int64_t{a}; });
}

template <TypeId to>
void double_to_integer(const KernelCall& call) {
  each_row<std::int64_t, double>(call, [](std::int64_t& r, double a) -> const char* {
    const double rounded = std::nearbyint(a);
    // Written so that NaN fails; both bounds are exact doubles.
    if constexpr (to == TypeId::Int) {
      if (!(rounded >= -0x1p31 && rounded < 0x1p31)) return kIntRange;
    } else {
      if (!(rounded >= -0x1p63 && rounded < 0x1p63)) return kBigIntRange;
    }
    r = static_cast<std::int64_t>(rounded);
    return nullptr;
  });
}

// Through 15 digits, as PostgreSQL.
template <class To>
void double_to_numeric(const KernelCall& call) {
  const LogicalType to = state_of(call).to;
  each_row<To, double>(call, [to](To& r, double a) -> const char* {
    if (std::isnan(a)) return "cannot convert NaN to numeric";
    if (std::isinf(a)) return "cannot convert infinity to numeric";
    int128 unscaled = 0;
    if (!double_to_unscaled(a, to.precision, to.scale, unscaled)) return kNumericRange;
    r = static_cast<To>(unscaled);
    return nullptr;
  });
}

// From integers too: their scale is 0.
template <class From, class To>
void rescale_numeric(const KernelCall& call) {
  const LogicalType to = state_of(call).to;
  const int from_scale = state_of(call).from.scale;
  each_row<To, From>(call, [to, from_scale](To& r, From a) -> const char* {
    int128 unscaled = 0;
    if (!rescale(a, from_scale, to.scale, unscaled) || !fits_precision(unscaled, to.precision))
      return kNumericRange;
    r = static_cast<To>(unscaled);
    return nullptr;
  });
}

// Only more digits in front or behind, all inside 18: nothing can go wrong.
void widen_short_numeric(const KernelCall& call) {
  const CastState& state = state_of(call);
  const auto factor = static_cast<std::uint64_t>(
      kShortPowersOfTen[static_cast<std::size_t>(state.to.scale - state.from.scale)]);
  map_unary<std::int64_t, std::int64_t>(call, [factor](std::int64_t a) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * factor);
  });
}

template <class From>
void numeric_to_integer(const KernelCall& call) {
  const CastState& state = state_of(call);
  const int128 divisor = power_of_ten(state.from.scale);
  const bool to_int = state.to.id == TypeId::Int;
  each_row<std::int64_t, From>(call, [divisor, to_int](std::int64_t& r, From a) -> const char* {
    const int128 rounded = divide_rounded<int128>(a, divisor);
    r = static_cast<std::int64_t>(rounded);
    if (r != rounded || (to_int && !is_int(r))) return to_int ? kIntRange : kBigIntRange;
    return nullptr;
  });
}

template <class From>
void numeric_to_double(const KernelCall& call) {
  const int scale = state_of(call).from.scale;
  each_row<double, From>(call, [scale](double& r, From a) -> const char* {
    r = unscaled_to_double(a, scale);
    return nullptr;
  });
}

const char* reason_of(ParseOutcome outcome, const char* syntax, const char* range) {
  return outcome == ParseOutcome::Ok ? nullptr : (outcome == ParseOutcome::Syntax ? syntax : range);
}

void text_to_bool(const KernelCall& call) {
  each_row<std::uint8_t, StringRef>(call, [](std::uint8_t& r, const StringRef& a) -> const char* {
    bool flag = false;
    if (!parse_bool(a.view(), flag)) return "invalid input syntax for type boolean";
    r = static_cast<std::uint8_t>(flag);
    return nullptr;
  });
}

void text_to_int(const KernelCall& call) {
  each_row<std::int64_t, StringRef>(call, [](std::int64_t& r, const StringRef& a) {
    ParseOutcome outcome = scan_bigint(a.view(), r);
    if (outcome == ParseOutcome::Ok && !is_int(r)) outcome = ParseOutcome::Range;
    return reason_of(outcome, "invalid input syntax for type integer",
                     "value is out of range for type integer");
  });
}

void text_to_bigint(const KernelCall& call) {
  each_row<std::int64_t, StringRef>(call, [](std::int64_t& r, const StringRef& a) {
    return reason_of(scan_bigint(a.view(), r), "invalid input syntax for type bigint",
                     "value is out of range for type bigint");
  });
}

void text_to_double(const KernelCall& call) {
  each_row<double, StringRef>(call, [](double& r, const StringRef& a) {
    return reason_of(scan_double(a.view(), r), "invalid input syntax for type double precision",
                     "value is out of range for type double precision");
  });
}

template <class To>
void text_to_numeric(const KernelCall& call) {
  const LogicalType to = state_of(call).to;
  each_row<To, StringRef>(call, [to](To& r, const StringRef& a) {
    int128 unscaled = 0;
    const ParseOutcome outcome = scan_decimal(a.view(), to.precision, to.scale, unscaled);
    r = static_cast<To>(unscaled);
    return reason_of(outcome, "invalid input syntax for type numeric", kNumericRange);
  });
}

void text_to_timestamp(const KernelCall& call) {
  const bool zoned = state_of(call).to.id == TypeId::TimestampTz;
  each_row<std::int64_t, StringRef>(call, [zoned](std::int64_t& r, const StringRef& a) {
    return reason_of(scan_timestamp(a.view(), zoned, r),
                     zoned ? "invalid input syntax for type timestamp with time zone"
                           : "invalid input syntax for type timestamp",
                     "date/time field value out of range");
  });
}

void text_to_interval(const KernelCall& call) {
  each_row<std::int64_t, StringRef>(call, [](std::int64_t& r, const StringRef& a) -> const char* {
    const auto us = parse_interval(a.view());
    if (!us) {
      return us.error().code == ErrorCode::Unsupported ? "months and years in an interval are not supported"
                                                       : "invalid input syntax for type interval";
    }
    r = *us;
    return nullptr;
  });
}

void text_to_jsonb(const KernelCall& call) {
  StringHeap& heap = call.out.heap();
  std::string json;
  each_row<StringRef, StringRef>(call, [&](StringRef& r, const StringRef& a) -> const char* {
    json.clear();
    if (!normalise_json(a.view(), json)) return "invalid input syntax for type json";
    r = heap.add(json);
    return nullptr;
  });
}

// Any type as text, by an appender of its text form.
template <class T, class Append>
void print_values(const KernelCall& call, Append append) {
  StringHeap& heap = call.out.heap();
  std::string text;
  each_row<StringRef, T>(call, [&](StringRef& r, const T& a) -> const char* {
    text.clear();
    append(a, text);
    r = heap.add(text);
    return nullptr;
  });
}

void bool_to_text(const KernelCall& call) {
  // Not `t` and `f`: the cast spells the words out.
  print_values<std::uint8_t>(call,
                             [](std::uint8_t a, std::string& out) { out += a != 0 ? "true" : "false"; });
}

void double_to_text(const KernelCall& call) { print_values<double>(call, append_double); }

template <void (*append)(std::int64_t, std::string&)>
void int64_to_text(const KernelCall& call) {
  print_values<std::int64_t>(call, append);
}

template <class T>
void numeric_to_text(const KernelCall& call) {
  const int scale = state_of(call).from.scale;
  print_values<T>(call, [scale](T a, std::string& out) { append_decimal(a, scale, out); });
}

// Null types and values have no cells to look at: every row is NULL, or holds text.
Kernel from_text(LogicalType to) {
  switch (to.id) {
    case TypeId::Bool:
      return text_to_bool;
    case TypeId::Int:
      return text_to_int;
    case TypeId::BigInt:
      return text_to_bigint;
    case TypeId::Double:
      return text_to_double;
    case TypeId::Numeric:
      return to.physical() == PhysicalType::Int64 ? text_to_numeric<std::int64_t> : text_to_numeric<int128>;
    case TypeId::Timestamp:
    case TypeId::TimestampTz:
      return text_to_timestamp;
    case TypeId::Interval:
      return text_to_interval;
    case TypeId::Null:
    case TypeId::Text:
      return copy_text;
    case TypeId::Jsonb:
      return text_to_jsonb;
  }
  return nullptr;
}

Kernel to_text(LogicalType from) {
  switch (from.id) {
    case TypeId::Bool:
      return bool_to_text;
    case TypeId::Int:
    case TypeId::BigInt:
      return int64_to_text<append_integer>;
    case TypeId::Double:
      return double_to_text;
    case TypeId::Numeric:
      return from.physical() == PhysicalType::Int64 ? numeric_to_text<std::int64_t> : numeric_to_text<int128>;
    case TypeId::Timestamp:
      return int64_to_text<append_timestamp>;
    case TypeId::TimestampTz:
      return int64_to_text<append_timestamptz>;
    case TypeId::Interval:
      return int64_to_text<append_interval>;
    case TypeId::Null:
    case TypeId::Text:
    case TypeId::Jsonb:
      return copy_text;
  }
  return nullptr;
}

// Integer digits, then scale, that hold every value of a number type exactly.
std::pair<int, int> digits_of(LogicalType type) {
  if (type.id == TypeId::Int) return {10, 0};
  if (type.id == TypeId::BigInt) return {19, 0};
  return {type.precision - type.scale, type.scale};
}

Kernel to_numeric(LogicalType from, LogicalType to) {
  const bool is_short = to.physical() == PhysicalType::Int64;
  if (from.id == TypeId::Double)
    return is_short ? double_to_numeric<std::int64_t> : double_to_numeric<int128>;
  if (from.physical() == PhysicalType::Int128) {
    return is_short ? rescale_numeric<int128, std::int64_t> : rescale_numeric<int128, int128>;
  }
  const int from_digits = digits_of(from).first;
  if (is_short && to.scale >= from.scale && to.precision - to.scale >= from_digits)
    return widen_short_numeric;
  return is_short ? rescale_numeric<std::int64_t, std::int64_t> : rescale_numeric<std::int64_t, int128>;
}

// The casts between types that are not text, with the weakest context that PostgreSQL allows them in.
Kernel between(LogicalType from, LogicalType to, CastKind& needed) {
  needed = CastKind::Implicit;
  const bool is_short = from.physical() == PhysicalType::Int64;
  switch (to.id) {
    case TypeId::Bool:
      needed = CastKind::Explicit;
      return from.id == TypeId::Int ? int_to_bool : nullptr;
    case TypeId::Int:
    case TypeId::BigInt:
      if (from.id == TypeId::Int) return copy_values<std::int64_t>;
      needed = CastKind::Assignment;
      if (from.id == TypeId::BigInt) return bigint_to_int;
      if (from.id == TypeId::Double) {
        return to.id == TypeId::Int ? double_to_integer<TypeId::Int> : double_to_integer<TypeId::BigInt>;
      }
      if (from.id == TypeId::Numeric)
        return is_short ? numeric_to_integer<std::int64_t> : numeric_to_integer<int128>;
      needed = CastKind::Explicit;
      return from.id == TypeId::Bool && to.id == TypeId::Int ? bool_to_int : nullptr;
    case TypeId::Double:
      if (from.is_integer()) return bigint_to_double;
      if (from.id != TypeId::Numeric) return nullptr;
      return is_short ? numeric_to_double<std::int64_t> : numeric_to_double<int128>;
    case TypeId::Numeric:
      if (from.id == TypeId::Double) needed = CastKind::Assignment;
      return from.is_number() ? to_numeric(from, to) : nullptr;
    case TypeId::Timestamp:
    case TypeId::TimestampTz:
      // The zone is always UTC, so both count the same microseconds.
      if (to.id == TypeId::Timestamp) needed = CastKind::Assignment;
      return from.is_time() ? copy_values<std::int64_t> : nullptr;
    default:
      return nullptr;
  }
}

Kernel same_type(LogicalType type) {
  return visit_physical(type.physical(), [](auto tag) -> Kernel {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, StringRef>) {
      return copy_text;
    } else {
      return copy_values<T>;
    }
  });
}

int category(LogicalType type) {
  if (type.is_number()) return 1;
  return type.is_time() ? 2 : 10 + static_cast<int>(type.id);
}

LogicalType wider(LogicalType a, LogicalType b) {
  if (a.id == TypeId::Numeric || b.id == TypeId::Numeric) {
    if (a.id != TypeId::Double && b.id != TypeId::Double) {
      const auto [digits_a, scale_a] = digits_of(a);
      const auto [digits_b, scale_b] = digits_of(b);
      return numeric_with(std::max(digits_a, digits_b), std::max(scale_a, scale_b));
    }
  }
  const auto rank = [](LogicalType type) {
    switch (type.id) {
      case TypeId::Double:
        return 3;
      case TypeId::BigInt:
      case TypeId::TimestampTz:
        return 2;
      default:
        return 1;
    }
  };
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace

Result<BoundFunction> bind_cast(LogicalType from, LogicalType to, CastKind kind) {
  const auto bound = [&](Kernel kernel) {
    return BoundFunction{to, kernel, std::make_shared<const CastState>(CastState{from, to}), true};
  };
  if (from == to) return bound(same_type(to));
  if (from.id == TypeId::Null) return bound(from_text(to));
  Kernel kernel = nullptr;
  CastKind needed = CastKind::Explicit;
  if (to.id == TypeId::Text || to.id == TypeId::Null) {
    kernel = to_text(from);
    needed = CastKind::Assignment;
  } else if (from.id == TypeId::Text || (from.id == TypeId::Jsonb && to.id != TypeId::Timestamp &&
                                         to.id != TypeId::TimestampTz && to.id != TypeId::Interval)) {
    kernel = from_text(to);
  } else {
    kernel = between(from, to, needed);
  }
  if (kernel == nullptr) {
    return fail(ErrorCode::Binding, fmt::format("cannot cast type {} to {}", to_string(from), to_string(to)));
  }
  if (needed > kind) {
    return fail(ErrorCode::Binding,
                fmt::format("cannot cast type {} to {} by itself", to_string(from), to_string(to)),
                std::nullopt, fmt::format("write CAST(... AS {})", to_string(to)));
  }
  return bound(kernel);
}

Result<Value> cast_value(const Value& value, LogicalType to) {
  if (value.type() == to) return value;
  if (value.is_null()) return Value::null(to);
  if (value.type().id == TypeId::Null || value.type().id == TypeId::Text)
    return parse_value(value.text(), to);
  DART_TRY(const BoundFunction cast, bind_cast(value.type(), to, CastKind::Explicit));
  const Vector argument = Vector::constant(value);
  const Vector* const arguments[] = {&argument};
  Vector out;
  out.reset(to, 1);
  RowErrors errors;
  cast.kernel(KernelCall{arguments, 1, out, errors, cast.state.get()});
  if (!errors.empty()) return fail(ErrorCode::Data, errors.marks().front().reason);
  return out.value(0);
}

Result<LogicalType> common_type(std::span<const LogicalType> types) {
  LogicalType common;
  for (const LogicalType type : types) {
    if (type.id == TypeId::Null) continue;
    if (common.id == TypeId::Null) {
      common = type;
      continue;
    }
    if (type == common) continue;
    if (category(type) != category(common)) {
      return fail(ErrorCode::Binding,
                  fmt::format("types {} and {} cannot be matched", to_string(common), to_string(type)));
    }
    common = wider(common, type);
  }
  return common.id == TypeId::Null ? LogicalType::of(TypeId::Text) : common;
}

}  // namespace dart::columnar
