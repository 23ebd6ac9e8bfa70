#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "columnar/aggregates/distinct.hpp"
#include "columnar/aggregates/lists.hpp"

namespace dart::columnar {

namespace {

/// A value counts as often as it likes: the same result with DISTINCT.
constexpr std::array<std::string_view, 7> kSameWhenDistinct = {"min",   "max",     "bool_and", "bool_or",
                                                               "every", "bit_and", "bit_or"};
/// Places and frequencies are lost with DISTINCT; PostgreSQL refuses it with WITHIN GROUP.
constexpr std::array<std::string_view, 5> kNeverDistinct = {"first", "last", "mode", "percentile_cont",
                                                            "percentile_disc"};

bool is_any_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::vector<AggregateFunction> join_lists() {
  std::vector<AggregateFunction> all;
  for (const auto list :
       {count_aggregates(), sum_aggregates(), extreme_aggregates(), placed_aggregates(),
        percentile_aggregates(), deviation_aggregates(), regression_aggregates(), boolean_aggregates()}) {
    all.insert(all.end(), list.begin(), list.end());
  }
  return all;
}

/// How far a parameter is from an argument; the overload with the least sum is taken.
enum Distance : int { kSame = 0, kPreferredCast = 1, kCast = 2, kNone = 1000 };

int distance(LogicalType from, TypeId to) {
  if (to == TypeId::Null || from.id == to) return kSame;
  const bool preferred = to == TypeId::Double || to == TypeId::Text || to == TypeId::TimestampTz;
  switch (from.id) {
    case TypeId::Null:  // an untyped literal or NULL becomes anything, text first
      return to == TypeId::Text ? kSame : (preferred ? kPreferredCast : kCast);
    case TypeId::Int:
    case TypeId::BigInt:
      if (to == TypeId::Double) return kPreferredCast;
      return to == TypeId::Numeric || to == TypeId::BigInt ? kCast : kNone;
    case TypeId::Numeric:
      return to == TypeId::Double ? kPreferredCast : kNone;
    case TypeId::Timestamp:
      return to == TypeId::TimestampTz ? kPreferredCast : kNone;
    default:
      return kNone;
  }
}

LogicalType parameter_type(LogicalType argument, TypeId parameter) {
  if (parameter == TypeId::Null) {
    return argument.id == TypeId::Null ? LogicalType::of(TypeId::Text) : argument;
  }
  if (parameter == argument.id) return argument;
  if (parameter != TypeId::Numeric) return LogicalType::of(parameter);
  constexpr int kIntDigits = 10;
  constexpr int kBigIntDigits = 19;
  if (argument.is_integer()) {
    return LogicalType::numeric(argument.id == TypeId::Int ? kIntDigits : kBigIntDigits, 0);
  }
  return LogicalType::numeric(kMaxPrecision, kDefaultScale);
}

std::string call_text(std::string_view name, std::span<const LogicalType> types) {
  std::vector<std::string> words;
  for (const LogicalType& type : types) words.push_back(to_string(type));
  return fmt::format("{}({})", name, fmt::join(words, ", "));
}

std::string signatures(std::string_view name) {
  std::vector<std::string> words;
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.name != name) continue;
    std::vector<std::string> parameters;
    for (const TypeId parameter : function.parameters) {
      const auto type = LogicalType::of(parameter);
      parameters.push_back(parameter == TypeId::Null      ? "any"
                           : parameter == TypeId::Numeric ? "numeric"
                                                          : to_string(type));
    }
    const bool star = name == "count" && parameters.empty();
    words.push_back(fmt::format("{}({})", name, star ? "*" : fmt::format("{}", fmt::join(parameters, ", "))));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::span<const AggregateFunction> aggregate_functions() {
  static const std::vector<AggregateFunction> kAll = join_lists();
  return kAll;
}

bool is_aggregate_function(std::string_view name) {
  return std::ranges::any_of(aggregate_functions(),
                             [&](const AggregateFunction& function) { return function.name == name; });
}

Result<ResolvedAggregate> resolve_aggregate(std::string_view name, std::span<const LogicalType> types,
                                            std::span<const Value* const> constants, bool distinct,
                                            bool retracting) {
  const AggregateFunction* best = nullptr;
  int least = kNone;
  for (const AggregateFunction& function : aggregate_functions()) {
    if (function.name != name || function.parameters.size() != types.size()) continue;
    int sum = 0;
    for (std::size_t i = 0; i < types.size(); ++i) sum += distance(types[i], function.parameters[i]);
    if (sum < least) {
      least = sum;
      best = &function;
    }
  }
  if (best == nullptr) {
    if (!is_aggregate_function(name)) {
      return fail(ErrorCode::Binding, fmt::format("aggregate {} does not exist", call_text(name, types)));
    }
    return fail(ErrorCode::Binding, fmt::format("aggregate {} does not exist", call_text(name, types)),
                std::nullopt, fmt::format("there is {}", signatures(name)));
  }
  ResolvedAggregate resolved;
  for (std::size_t i = 0; i < types.size(); ++i) {
    resolved.parameters.push_back(parameter_type(types[i], best->parameters[i]));
  }
  DART_TRY(resolved.bound, best->bind(resolved.parameters, constants, retracting));
  if (distinct && !is_any_of(kSameWhenDistinct, name)) {
    if (types.empty() || is_any_of(kNeverDistinct, name)) {
      return fail(ErrorCode::Unsupported,
                  fmt::format("DISTINCT has no meaning in {}", call_text(name, types)));
    }
    resolved.bound = distinct_of(std::move(resolved.bound), resolved.parameters);
  }
  return resolved;
}

}  // namespace dart::columnar
