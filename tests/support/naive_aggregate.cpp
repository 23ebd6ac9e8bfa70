#include "support/naive_aggregate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/check.hpp"

namespace dart::support {

using columnar::LogicalType;
using columnar::PhysicalType;
using columnar::TypeId;
using columnar::Value;

namespace {

using Rows = std::vector<AggregateInput>;

int128 power_of_ten(int exponent) {
  int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

/// Quotient rounded half away from zero.
int128 divide(int128 a, int128 b) {
  const bool negative = (a < 0) != (b < 0);
  if (a < 0) a = -a;
  if (b < 0) b = -b;
  const int128 quotient = (a + a + b) / (b + b);
  return negative ? -quotient : quotient;
}

int128 unscaled(const Value& value) {
  return value.type().physical() == PhysicalType::Int128 ? value.get<int128>() : int128{value.bigint()};
}

long double real(const Value& value) {
  if (value.type().id == TypeId::Double) return value.real();
  return static_cast<long double>(unscaled(value)) /
         static_cast<long double>(power_of_ten(value.type().scale));
}

/// `amount` * 10^-scale as a value of the type.
Value exact(LogicalType type, int128 amount, int scale) {
  if (type.id == TypeId::Numeric) {
    amount = type.scale >= scale ? amount * power_of_ten(type.scale - scale)
                                 : divide(amount, power_of_ten(scale - type.scale));
    return Value::numeric(type.precision, type.scale, amount);
  }
  return Value::of(type, static_cast<std::int64_t>(amount));
}

Value inexact(LogicalType type, long double amount) {
  if (type.id == TypeId::Double) return Value::of(type, static_cast<double>(amount));
  if (type.id == TypeId::Numeric) {
    const auto scaled = std::roundl(amount * static_cast<long double>(power_of_ten(type.scale)));
    return Value::numeric(type.precision, type.scale, static_cast<int128>(scaled));
  }
  return Value::of(type, static_cast<std::int64_t>(std::roundl(amount)));
}

Value sum(LogicalType type, const Rows& rows) {
  if (type.id == TypeId::Double) {
    long double total = 0;
    for (const auto& row : rows) total += real(row.arguments[0]);
    return inexact(type, total);
  }
  int128 total = 0;
  for (const auto& row : rows) total += unscaled(row.arguments[0]);
  return exact(type, total, rows.front().arguments[0].type().scale);
}

Value average(LogicalType type, const Rows& rows) {
  const auto count = static_cast<int128>(rows.size());
  if (type.id == TypeId::Double) {
    long double total = 0;
    for (const auto& row : rows) total += real(row.arguments[0]);
    return inexact(type, total / static_cast<long double>(rows.size()));
  }
  int128 total = 0;
  for (const auto& row : rows) total += unscaled(row.arguments[0]);
  const int more = type.id == TypeId::Numeric ? type.scale - rows.front().arguments[0].type().scale : 0;
  const int128 amount = divide(total * power_of_ten(more), count);
  return type.id == TypeId::Numeric ? Value::numeric(type.precision, type.scale, amount)
                                    : exact(type, amount, 0);
}

Value percentile(LogicalType type, double fraction, bool continuous, const Rows& rows) {
  std::vector<Value> sorted;
  for (const auto& row : rows) sorted.push_back(row.arguments.back());
  std::sort(sorted.begin(), sorted.end(), [](const Value& a, const Value& b) { return compare(a, b) < 0; });
  const auto count = static_cast<double>(sorted.size());
  if (!continuous) {
    const auto rank = static_cast<std::size_t>(std::max(1.0, std::ceil(fraction * count)));
    return sorted[std::min(rank, sorted.size()) - 1];
  }
  const double place = fraction * (count - 1);
  const auto low = static_cast<std::size_t>(std::floor(place));
  const auto high = static_cast<std::size_t>(std::ceil(place));
  const int scale = sorted[low].type().scale;
  if (type.id != TypeId::Double && (low == high || fraction == 0.5)) {
    const int128 both =
        low == high ? unscaled(sorted[low]) * 2 : unscaled(sorted[low]) + unscaled(sorted[high]);
    if (type.id == TypeId::Numeric) return exact(type, both * 5, scale + 1);
    return exact(type, divide(both, 2), 0);
  }
  const long double part = static_cast<long double>(place) - static_cast<long double>(low);
  const long double base = real(sorted[low]);
  return inexact(type, low == high ? base : base + part * (real(sorted[high]) - base));
}

/// Sums of squares and products around the means, of (y, x); with one argument x is y.
struct Moments {
  long double n = 0;
  long double mean_x = 0;
  long double mean_y = 0;
  long double xx = 0;
  long double yy = 0;
  long double xy = 0;
};

Moments moments(const Rows& rows) {
  Moments m;
  m.n = static_cast<long double>(rows.size());
  for (const auto& row : rows) {
    m.mean_y += real(row.arguments.front());
    m.mean_x += real(row.arguments.back());
  }
  // Divided once, so that values that are all alike have exactly that mean and no deviation from it.
  m.mean_y /= m.n;
  m.mean_x /= m.n;
  for (const auto& row : rows) {
    const long double dy = real(row.arguments.front()) - m.mean_y;
    const long double dx = real(row.arguments.back()) - m.mean_x;
    m.yy += dy * dy;
    m.xx += dx * dx;
    m.xy += dx * dy;
  }
  return m;
}

/// Empty: NULL.
std::optional<long double> statistic(const std::string& name, const Rows& rows) {
  const Moments m = moments(rows);
  const bool flat_x = m.xx == 0;
  if (name == "var_pop" || name == "stddev_pop" || name == "covar_pop") {
    return name == "stddev_pop" ? std::sqrt(m.xx / m.n) : m.xy / m.n;
  }
  if (name == "variance" || name == "var_samp" || name == "covar_samp" || name == "stddev" ||
      name == "stddev_samp") {
    if (m.n < 2) return std::nullopt;
    const long double variance = m.xy / (m.n - 1);
    return name.rfind("stddev", 0) == 0 ? std::sqrt(variance) : variance;
  }
  if (flat_x) return std::nullopt;
  if (name == "regr_slope") return m.xy / m.xx;
  if (name == "regr_intercept") return m.mean_y - m.mean_x * m.xy / m.xx;
  if (name == "regr_r2") return m.yy == 0 ? 1 : m.xy * m.xy / (m.xx * m.yy);
  DART_CHECK(name == "corr");
  if (m.yy == 0) return std::nullopt;
  return m.xy / std::sqrt(m.xx * m.yy);
}

Value join_texts(const Rows& rows) {
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Value& separator = rows[i].arguments[1];
    if (i > 0 && !separator.is_null()) text += separator.text();
    text += rows[i].arguments[0].text();
  }
  return Value::text(text);
}

Value extreme(const Rows& rows, bool greatest) {
  const Value* best = &rows.front().arguments[0];
  for (const auto& row : rows) {
    const auto order = compare(row.arguments[0], *best);
    if (greatest ? order > 0 : order < 0) best = &row.arguments[0];
  }
  return *best;
}

Value all_or_any(const Rows& rows, bool all) {
  bool result = all;
  for (const auto& row : rows) {
    result = all ? result && row.arguments[0].boolean() : result || row.arguments[0].boolean();
  }
  return Value::boolean(result);
}

void keep_distinct(Rows& rows) {
  std::map<Cells, AggregateInput, CellsLess> seen;
  for (auto& row : rows) {
    const Cells key = row.arguments;
    seen.try_emplace(key, std::move(row));
  }
  rows.clear();
  for (auto& [key, row] : seen) rows.push_back(std::move(row));
}

}  // namespace

Value naive_aggregate(const std::string& name, const Cells& direct, bool distinct, LogicalType result,
                      Rows rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const AggregateInput& a, const AggregateInput& b) { return a.position < b.position; });
  const bool keeps_null = name == "first" || name == "last";
  std::erase_if(rows, [&](const AggregateInput& row) {
    const std::size_t tested = name == "string_agg" ? 1 : row.arguments.size();
    return !keeps_null &&
           std::any_of(row.arguments.begin(), row.arguments.begin() + static_cast<long>(tested),
                       [](const Value& v) { return v.is_null(); });
  });
  if (distinct) keep_distinct(rows);
  if (name == "count" || name == "regr_count") return Value::bigint(static_cast<std::int64_t>(rows.size()));
  if (rows.empty()) return Value::null(result);
  if (name == "sum") return sum(result, rows);
  if (name == "avg") return average(result, rows);
  if (name == "min" || name == "max") return extreme(rows, name == "max");
  if (name == "first") return rows.front().arguments[0];
  if (name == "last") return rows.back().arguments[0];
  if (name == "median") return percentile(result, 0.5, true, rows);
  if (name == "percentile_cont" || name == "percentile_disc") {
    return percentile(result, static_cast<double>(real(direct.at(0))), name == "percentile_cont", rows);
  }
  if (name == "bool_and" || name == "every") return all_or_any(rows, true);
  if (name == "bool_or") return all_or_any(rows, false);
  if (name == "string_agg") return join_texts(rows);
  const std::optional<long double> value = statistic(name, rows);
  return value ? inexact(result, *value) : Value::null(result);
}

}  // namespace dart::support
