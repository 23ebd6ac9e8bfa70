#include "sql/types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "columnar/function.hpp"

namespace dart::sql {
namespace {

using columnar::LogicalType;
using columnar::TypeId;

struct TypeEntry {
  std::string_view name;
  TypeId id;
};
/// As the grammar hands them on: `int` is int4, `double precision` float8, `decimal` numeric.
constexpr std::array kTypes = {
    TypeEntry{"bool", TypeId::Bool},
    TypeEntry{"int4", TypeId::Int},
    TypeEntry{"int8", TypeId::BigInt},
    TypeEntry{"float8", TypeId::Double},
    TypeEntry{"numeric", TypeId::Numeric},
    TypeEntry{"text", TypeId::Text},
    TypeEntry{"varchar", TypeId::Text},
    TypeEntry{"timestamp", TypeId::Timestamp},
    TypeEntry{"timestamptz", TypeId::TimestampTz},
    TypeEntry{"interval", TypeId::Interval},
    TypeEntry{"jsonb", TypeId::Jsonb},
};

struct Refusal {
  std::string_view name;
  std::string_view hint;
};
constexpr std::array kRefused = {
    Refusal{"int2", "use int"},           Refusal{"float4", "use double precision"},
    Refusal{"bpchar", "use text"},        Refusal{"date", "use timestamp"},
    Refusal{"time", "use interval"},      Refusal{"timetz", "use interval"},
    Refusal{"json", "use jsonb"},         Refusal{"bytea", "use text"},
    Refusal{"uuid", "use text"},          Refusal{"money", "use numeric(18,2)"},
    Refusal{"serial", "use bigint"},      Refusal{"bigserial", "use bigint"},
    Refusal{"string", "use text"},        Refusal{"double", "use double precision"},
    Refusal{"datetime", "use timestamp"},
};

tl::unexpected<Error> refused(std::string_view name, std::uint32_t offset, std::string_view hint) {
  return fail(ErrorCode::Unsupported, fmt::format("type {} is not supported", name), offset,
              std::string(hint));
}

Result<LogicalType> numeric_type(const std::vector<Tree>& modifiers, std::uint32_t offset) {
  if (modifiers.empty()) return LogicalType::numeric(columnar::kMaxPrecision, columnar::kDefaultScale);
  const std::int64_t precision = modifiers[0]["ival"]["ival"].number;
  const std::int64_t scale = modifiers.size() > 1 ? modifiers[1]["ival"]["ival"].number : 0;
  if (precision < 1 || precision > columnar::kMaxPrecision) {
    return fail(
        ErrorCode::Binding,
        fmt::format("NUMERIC precision {} must be between 1 and {}", precision, columnar::kMaxPrecision),
        offset);
  }
  if (scale < 0 || scale > precision) {
    return fail(ErrorCode::Binding,
                fmt::format("NUMERIC scale {} must be between 0 and precision {}", scale, precision), offset);
  }
  return LogicalType::numeric(static_cast<int>(precision), static_cast<int>(scale));
}

}  // namespace

Result<LogicalType> bind_type(const Tree& type_name) {
  const std::string name(last_name(type_name["names"]));
  const std::uint32_t offset = type_name.offset();
  const std::vector<Tree>& modifiers = type_name["typmods"].items;
  if (type_name["arrayBounds"].present())
    return refused(name + "[]", offset, "there are no arrays: write one column for each element");
  if (type_name.flag("setof") || type_name.flag("pct_type")) return refused("SETOF / %TYPE", offset, "");
  for (const Refusal& refusal : kRefused) {
    if (refusal.name == name) return refused(name, offset, refusal.hint);
  }
  const auto* entry =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeEntry& t) { return t.name == name; });
  if (entry == kTypes.end()) {
    std::vector<std::string_view> names = {"int", "bigint", "double precision", "boolean", "decimal"};
    for (const TypeEntry& t : kTypes) names.push_back(t.name);
    const std::string near = columnar::nearest_name(name, names);
    return fail(ErrorCode::Binding, fmt::format("type \"{}\" does not exist", name), offset,
                near.empty() ? near : fmt::format("did you mean \"{}\"?", near));
  }
  if (entry->id == TypeId::Numeric) return numeric_type(modifiers, offset);
  if (name == "varchar" && !modifiers.empty()) return refused("varchar(n)", offset, "use text");
  const bool six_digits = modifiers.size() == 1 && modifiers[0]["ival"]["ival"].number == 6;
  if (LogicalType::of(entry->id).is_time() && !modifiers.empty() && !six_digits) {
    return refused(fmt::format("{}(n)", name), offset, "times are kept in microseconds: leave the (n) out");
  }
  return LogicalType::of(entry->id);
}

Result<LogicalType> literal_type(std::string_view number, std::uint32_t offset) {
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), whole);
  if (error == std::errc{} && end == number.data() + number.size()) {
    const bool small = whole >= INT32_MIN && whole <= INT32_MAX;
    return LogicalType::of(small ? TypeId::Int : TypeId::BigInt);
  }
  const std::size_t exponent_at = number.find_first_of("eE");
  const std::string_view mantissa = number.substr(0, exponent_at);
  std::int64_t exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view text = number.substr(exponent_at + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::from_chars(text.data(), text.data() + text.size(), exponent);
    exponent = std::clamp<std::int64_t>(exponent, -1000, 1000);
  }
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const auto before = std::count_if(mantissa.begin(), mantissa.begin() + static_cast<std::ptrdiff_t>(point),
                                    [](char c) { return c >= '0' && c <= '9'; });
  const auto behind = point < mantissa.size() ? static_cast<std::int64_t>(mantissa.size() - point - 1) : 0;
  const std::int64_t scale = std::max<std::int64_t>(0, behind - exponent);
  const std::int64_t precision =
      std::max<std::int64_t>(1, std::max<std::int64_t>(0, before + exponent) + scale);
  if (precision > columnar::kMaxPrecision) {
    return fail(ErrorCode::Binding,
                fmt::format("the number has more than {} digits; numeric goes to {}", columnar::kMaxPrecision,
                            columnar::kMaxPrecision),
                offset, "write it as double precision: '...'::double precision");
  }
  return LogicalType::numeric(static_cast<int>(precision), static_cast<int>(scale));
}

}  // namespace dart::sql
