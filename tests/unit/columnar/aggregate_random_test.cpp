#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "base/random.hpp"
#include "unit/columnar/aggregate_states.hpp"

// Every aggregate against a recomputation from scratch, written as simply as possible, after every batch of a
// random changelog.
namespace dart::columnar {
namespace {

using testing::bind_aggregate;
using testing::InputRow;
using testing::States;

const LogicalType kBool = LogicalType::of(TypeId::Bool);
const LogicalType kInt = LogicalType::of(TypeId::Int);
const LogicalType kBigInt = LogicalType::of(TypeId::BigInt);
const LogicalType kDouble = LogicalType::of(TypeId::Double);
const LogicalType kText = LogicalType::of(TypeId::Text);
const LogicalType kTimestamp = LogicalType::of(TypeId::Timestamp);
const LogicalType kInterval = LogicalType::of(TypeId::Interval);
const LogicalType kMoney = LogicalType::numeric(9, 2);
const LogicalType kWide = LogicalType::numeric(30, 4);

Value random_value(LogicalType type, Random& random) {
  const auto small = static_cast<std::int64_t>(random.below(41)) - 20;
  switch (type.id) {
    case TypeId::Bool:
      return Value::boolean(random.chance(1, 2));
    case TypeId::Int:
      return Value::integer(small);
    case TypeId::BigInt:
      return Value::bigint(small * 1'000'000'007);
    case TypeId::Double:
      return Value::real(static_cast<double>(small) * 0.1);
    case TypeId::Numeric:
      return Value::numeric(type.precision, type.scale, int128{small} * 12'347);
    case TypeId::Timestamp:
      return Value::timestamp(small * 1'000'000);
    case TypeId::Interval:
      return Value::interval(small * 1'500);
    default:
      return Value::text(
          fmt::format("{}{}", small, small % 3 == 0 ? " a text of more than twelve bytes" : ""));
  }
}

/// The rows that are there, in the order of their positions; no NULL argument unless the aggregate takes it.
using Table = std::vector<InputRow>;
using Naive = std::function<Value(const Table&)>;

struct Case {
  std::string name;
  std::vector<LogicalType> types;
  LogicalType result;
  Naive naive;
  bool distinct = false;
  std::vector<Value> constants;  ///< of the leading arguments
};

long double number(const Value& value) {
  if (value.type().id == TypeId::Double) return value.real();
  const auto unscaled = value.type().physical() == PhysicalType::Int128
                            ? static_cast<long double>(value.get<int128>())
                            : static_cast<long double>(value.bigint());
  return unscaled / std::pow(10.0L, static_cast<long double>(value.type().scale));
}
int128 whole(const Value& value) {
  return value.type().physical() == PhysicalType::Int128 ? value.get<int128>() : value.bigint();
}

/// `value` as the result type; exact types are given in units of their last digit.
Value exact(LogicalType type, int128 unscaled) {
  if (type.id == TypeId::Numeric) return Value::numeric(type.precision, type.scale, unscaled);
  return Value::of(type, static_cast<std::int64_t>(unscaled));
}
int128 rounded(int128 numerator, int128 denominator) {
  const int128 absolute = numerator < 0 ? -numerator : numerator;
  const int128 quotient = (absolute * 2 + denominator) / (denominator * 2);
  return numerator < 0 ? -quotient : quotient;
}
int128 power(int exponent) {
  int128 result = 1;
  for (int i = 0; i < exponent; ++i) result *= 10;
  return result;
}

Naive unless_empty(LogicalType type, Naive naive) {
  return [type, naive](const Table& table) { return table.empty() ? Value::null(type) : naive(table); };
}

Case count_case(LogicalType type, bool distinct) {
  return {"count",  {type}, kBigInt, [](const Table& t) { return Value::bigint(std::ssize(t)); },
          distinct, {}};
}

Case sum_case(LogicalType type, LogicalType result, bool distinct = false) {
  return {"sum",
          {type},
          result,
          unless_empty(result,
                       [result](const Table& table) {
                         if (result == kDouble) {
                           long double sum = 0;
                           for (const InputRow& row : table) sum += number(row.arguments[0]);
                           return Value::real(static_cast<double>(sum));
                         }
                         int128 sum = 0;
                         for (const InputRow& row : table) sum += whole(row.arguments[0]);
                         return exact(result, sum);
                       }),
          distinct,
          {}};
}

Case average_case(LogicalType type, LogicalType result, bool distinct = false) {
  return {
      "avg",
      {type},
      result,
      unless_empty(result,
                   [type, result](const Table& table) {
                     if (result == kDouble) {
                       long double sum = 0;
                       for (const InputRow& row : table) sum += number(row.arguments[0]);
                       return Value::real(static_cast<double>(sum / static_cast<long double>(table.size())));
                     }
                     int128 sum = 0;
                     for (const InputRow& row : table) sum += whole(row.arguments[0]);
                     return exact(result, rounded(sum * power(result.scale - type.scale), std::ssize(table)));
                   }),
      distinct,
      {}};
}

std::vector<Value> sorted(const Table& table, std::size_t argument = 0) {
  std::vector<Value> values;
  for (const InputRow& row : table) values.push_back(row.arguments[argument]);
  std::ranges::stable_sort(values, [](const Value& a, const Value& b) { return compare(a, b) < 0; });
  return values;
}

Case extreme_case(LogicalType type, bool greatest) {
  return {greatest ? "max" : "min",
          {type},
          type,
          unless_empty(type,
                       [greatest](const Table& table) {
                         const std::vector<Value> values = sorted(table);
                         return greatest ? values.back() : values.front();
                       }),
          false,
          {}};
}

/// Fraction in tenths.
Value interpolate(const std::vector<Value>& values, int tenths, LogicalType result) {
  const std::int64_t place = tenths * (std::ssize(values) - 1);
  const auto first = static_cast<std::size_t>(place / 10);
  const Value& low = values[first];
  const Value& high = values[std::min(first + 1, values.size() - 1)];
  if (result == kDouble) {
    const double part = static_cast<double>(place % 10) / 10;
    return Value::real(low.real() + part * (high.real() - low.real()));
  }
  const int128 steps = whole(low) * 10 + (whole(high) - whole(low)) * (place % 10);
  return exact(result, rounded(steps * power(result.scale - low.type().scale), 10));
}

Case median_case(LogicalType type, LogicalType result) {
  return {
      "median",
      {type},
      result,
      unless_empty(result, [result](const Table& table) { return interpolate(sorted(table), 5, result); }),
      false,
      {}};
}
Case percentile_case(LogicalType type, LogicalType result, int tenths) {
  return {"percentile_cont",
          {kDouble, type},
          result,
          unless_empty(
              result,
              [result, tenths](const Table& table) { return interpolate(sorted(table, 1), tenths, result); }),
          false,
          {Value::real(tenths / 10.0)}};
}
Case discrete_case(LogicalType type, int quarters) {
  return {"percentile_disc",
          {kDouble, type},
          type,
          unless_empty(type,
                       [quarters](const Table& table) {
                         const std::vector<Value> values = sorted(table, 1);
                         const std::size_t place =
                             (values.size() * static_cast<std::size_t>(quarters) + 3) / 4;
                         return values[place > 0 ? place - 1 : 0];
                       }),
          false,
          {Value::real(quarters / 4.0)}};
}
Case mode_case(LogicalType type) {
  return {"mode",
          {type},
          type,
          unless_empty(type,
                       [](const Table& table) {
                         std::map<std::string, std::size_t> counts;
                         for (const InputRow& row : table) ++counts[row.arguments[0].to_string()];
                         Value best;
                         std::size_t most = 0;
                         for (const Value& value : sorted(table)) {
                           if (counts[value.to_string()] <= most) continue;
                           most = counts[value.to_string()];
                           best = value;
                         }
                         return best;
                       }),
          false,
          {}};
}
Case placed_case(LogicalType type, bool last) {
  return {
      last ? "last" : "first",
      {type},
      type,
      unless_empty(type,
                   [last](const Table& table) { return (last ? table.back() : table.front()).arguments[0]; }),
      false,
      {}};
}

Case deviation_case(const std::string& name, LogicalType type, bool sample, bool root) {
  const LogicalType result = type == kDouble ? kDouble : LogicalType::numeric(38, 16);
  return {name,
          {type},
          result,
          [=](const Table& table) {
            const auto n = static_cast<long double>(table.size());
            if (table.size() < (sample ? 2U : 1U)) return Value::null(result);
            long double mean = 0;
            for (const InputRow& row : table) mean += number(row.arguments[0]) / n;
            long double squares = 0;
            for (const InputRow& row : table) {
              const long double d = number(row.arguments[0]) - mean;
              squares += d * d;
            }
            const long double variance = squares / (sample ? n - 1 : n);
            const long double value = root ? std::sqrt(variance) : variance;
            if (result == kDouble) return Value::real(static_cast<double>(value));
            return Value::numeric(38, 16, static_cast<int128>(std::round(value * 1e16L)));
          },
          false,
          {}};
}

struct Moments {
  long double n = 0, x = 0, y = 0, sxx = 0, syy = 0, sxy = 0;
};
Case regression_case(const std::string& name,
                     const std::function<std::optional<long double>(const Moments&)>& of) {
  return {name,
          {kDouble, kDouble},
          kDouble,
          unless_empty(kDouble,
                       [of](const Table& table) {
                         Moments m;
                         m.n = static_cast<long double>(table.size());
                         for (const InputRow& row : table) m.y += number(row.arguments[0]) / m.n;
                         for (const InputRow& row : table) m.x += number(row.arguments[1]) / m.n;
                         for (const InputRow& row : table) {
                           const long double dy = number(row.arguments[0]) - m.y;
                           const long double dx = number(row.arguments[1]) - m.x;
                           m.sxx += dx * dx;
                           m.syy += dy * dy;
                           m.sxy += dx * dy;
                         }
                         if (m.sxx < 1e-15L) m.sxx = 0;
                         if (m.syy < 1e-15L) m.syy = 0;
                         const std::optional<long double> result = of(m);
                         return result ? Value::real(static_cast<double>(*result)) : Value::null(kDouble);
                       }),
          false,
          {}};
}

Case boolean_case(const std::string& name, bool all) {
  return {name,
          {kBool},
          kBool,
          unless_empty(kBool,
                       [all](const Table& table) {
                         const auto is_true = [](const InputRow& row) { return row.arguments[0].boolean(); };
                         return Value::boolean(all ? std::ranges::all_of(table, is_true)
                                                   : std::ranges::any_of(table, is_true));
                       }),
          false,
          {}};
}
Case bits_case(LogicalType type, bool all) {
  return {all ? "bit_and" : "bit_or",
          {type},
          type,
          unless_empty(type,
                       [all, type](const Table& table) {
                         std::int64_t bits = all ? -1 : 0;
                         for (const InputRow& row : table) {
                           bits = all ? bits & row.arguments[0].bigint() : bits | row.arguments[0].bigint();
                         }
                         return Value::of(type, bits);
                       }),
          false,
          {}};
}
Case joined_case(bool distinct) {
  return {"string_agg",
          {kText, kText},
          kText,
          [distinct](const Table& table) {
            std::string text;
            bool first = true;
            Table rows = table;
            std::erase_if(rows, [](const InputRow& row) { return row.arguments[0].is_null(); });
            if (rows.empty()) return Value::null(kText);
            if (distinct) {
              std::ranges::sort(rows, [](const InputRow& a, const InputRow& b) {
                return compare(a.arguments[0], b.arguments[0]) < 0;
              });
            }
            for (const InputRow& row : rows) {
              if (!first && !row.arguments[1].is_null()) text += row.arguments[1].text();
              text += row.arguments[0].text();
              first = false;
            }
            return Value::text(text);
          },
          distinct,
          distinct ? std::vector<Value>{} : std::vector<Value>{}};
}

std::vector<Case> cases() {
  const auto wide = [](int scale) { return LogicalType::numeric(38, scale); };
  std::vector<Case> list;
  for (const LogicalType type :
       {kBool, kInt, kBigInt, kDouble, kText, kTimestamp, kInterval, kMoney, kWide}) {
    for (const bool flag : {false, true}) {
      list.push_back(count_case(type, flag));
      list.push_back(placed_case(type, flag));
      if (type != kBool) list.push_back(extreme_case(type, flag));
    }
    for (const int quarters : {0, 1, 2, 4}) list.push_back(discrete_case(type, quarters));
    list.push_back(mode_case(type));
  }
  for (const bool distinct : {false, true}) {
    list.insert(list.end(), {sum_case(kInt, kBigInt, distinct), sum_case(kBigInt, wide(0), distinct),
                             sum_case(kMoney, wide(2), distinct), sum_case(kWide, wide(4), distinct),
                             sum_case(kDouble, kDouble, distinct), sum_case(kInterval, kInterval, distinct)});
    list.insert(list.end(),
                {average_case(kInt, wide(16), distinct), average_case(kBigInt, wide(16), distinct),
                 average_case(kMoney, wide(16), distinct), average_case(kWide, wide(16), distinct),
                 average_case(kDouble, kDouble, distinct), average_case(kInterval, kInterval, distinct)});
  }
  list.insert(list.end(), {median_case(kDouble, kDouble), median_case(kInterval, kInterval),
                           median_case(kMoney, wide(16)), median_case(kWide, wide(16))});
  for (const int tenths : {0, 3, 5, 9, 10}) {
    list.insert(list.end(),
                {percentile_case(kDouble, kDouble, tenths), percentile_case(kMoney, wide(16), tenths),
                 percentile_case(kWide, wide(16), tenths)});
  }
  for (const LogicalType type : {kInt, kBigInt, kMoney, kWide, kDouble}) {
    list.insert(
        list.end(),
        {deviation_case("variance", type, true, false), deviation_case("var_samp", type, true, false),
         deviation_case("var_pop", type, false, false), deviation_case("stddev", type, true, true),
         deviation_case("stddev_samp", type, true, true), deviation_case("stddev_pop", type, false, true)});
  }
  using Optional = std::optional<long double>;
  list.push_back(regression_case("regr_slope",
                                 [](const Moments& m) { return m.sxx == 0 ? Optional() : m.sxy / m.sxx; }));
  list.push_back(regression_case("regr_intercept", [](const Moments& m) {
    return m.sxx == 0 ? Optional() : m.y - m.x * m.sxy / m.sxx;
  }));
  list.push_back(regression_case("regr_r2", [](const Moments& m) {
    return m.sxx == 0 ? Optional() : m.syy == 0 ? 1 : m.sxy * m.sxy / m.sxx / m.syy;
  }));
  list.push_back(regression_case("corr", [](const Moments& m) {
    return m.sxx == 0 || m.syy == 0 ? Optional() : m.sxy / std::sqrt(m.sxx * m.syy);
  }));
  list.push_back(regression_case("covar_pop", [](const Moments& m) { return Optional(m.sxy / m.n); }));
  list.push_back(regression_case("covar_samp",
                                 [](const Moments& m) { return m.n < 2 ? Optional() : m.sxy / (m.n - 1); }));
  list.push_back(regression_case("regr_avgx", [](const Moments& m) { return Optional(m.x); }));
  list.push_back(regression_case("regr_avgy", [](const Moments& m) { return Optional(m.y); }));
  list.push_back(regression_case("regr_sxx", [](const Moments& m) { return Optional(m.sxx); }));
  list.push_back(regression_case("regr_syy", [](const Moments& m) { return Optional(m.syy); }));
  list.push_back(regression_case("regr_sxy", [](const Moments& m) { return Optional(m.sxy); }));
  list.push_back({"regr_count",
                  {kDouble, kDouble},
                  kBigInt,
                  [](const Table& t) { return Value::bigint(std::ssize(t)); },
                  false,
                  {}});
  list.insert(list.end(),
              {boolean_case("bool_and", true), boolean_case("every", true), boolean_case("bool_or", false),
               bits_case(kInt, true), bits_case(kInt, false), bits_case(kBigInt, true),
               bits_case(kBigInt, false), joined_case(false), joined_case(true)});
  return list;
}

/// Doubles within 1e-9; digits of exact results that a long double cannot hold are left out for deviations.
void expect_close(const Value& actual, const Value& expected, bool last_digits, const std::string& what) {
  ASSERT_EQ(actual.type(), expected.type()) << what;
  ASSERT_EQ(actual.is_null(), expected.is_null())
      << what << ": " << actual.to_string() << " for " << expected.to_string();
  if (expected.is_null()) return;
  if (expected.type() == kDouble || !last_digits) {
    const auto a = static_cast<double>(number(actual));
    const auto e = static_cast<double>(number(expected));
    ASSERT_NEAR(a, e, std::max(1e-13, std::abs(e) * 1e-9)) << what;
  } else {
    ASSERT_EQ(actual.to_string(), expected.to_string()) << what;
  }
}

Table distinct_rows(const Table& table) {
  std::set<std::string> seen;
  Table rows;
  for (const InputRow& row : table) {
    std::string key;
    for (const Value& value : row.arguments) key += value.to_string() + "|";
    if (seen.insert(key).second) rows.push_back(row);
  }
  return rows;
}

class Changelog {
 public:
  Changelog(const Case& of, bool skips_null, std::uint64_t seed)
      : case_(of), skips_null_(skips_null), random_(seed) {}

  /// Some rows of new changes; none of them takes out when `growing`. Every row that is taken out was there
  /// before or comes in the same batch, maybe later.
  std::vector<InputRow> batch(bool growing) {
    std::vector<InputRow> rows;
    const std::size_t size = random_.below(8);
    for (std::size_t i = 0; i < size; ++i) {
      if (!growing && !present_.empty() && random_.chance(9, 20)) {
        const auto victim = present_.begin() + static_cast<std::ptrdiff_t>(random_.below(present_.size()));
        InputRow row = *victim;
        row.weight = -1;
        present_.erase(victim);
        rows.push_back(std::move(row));
        continue;
      }
      InputRow row;
      row.position = next_position_++;
      row.group = static_cast<std::uint32_t>(random_.below(3));
      for (std::size_t a = 0; a < case_.types.size(); ++a) {
        const bool null = random_.chance(1, 9);
        if (a < case_.constants.size()) {
          row.arguments.push_back(case_.constants[a]);
        } else if (case_.name == "string_agg" && case_.distinct && a == 1) {
          row.arguments.push_back(Value::text(", "));
        } else {
          row.arguments.push_back(null ? Value::null(case_.types[a]) : random_value(case_.types[a], random_));
        }
      }
      row.weight = random_.chance(1, 10) ? 3 : 1;
      for (std::int64_t copy = 0; copy < row.weight; ++copy) {
        present_.push_back(row);
        present_.back().weight = 1;
      }
      rows.push_back(std::move(row));
    }
    for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random_.below(i)]);
    return rows;
  }
  [[nodiscard]] Value expected(std::uint32_t group) const {
    Table table;
    for (const InputRow& row : present_) {
      const bool null = std::ranges::any_of(row.arguments, [](const Value& v) { return v.is_null(); });
      if (row.group == group && !(null && skips_null_)) table.push_back(row);
    }
    std::ranges::stable_sort(table, {}, &InputRow::position);
    return case_.naive(case_.distinct ? distinct_rows(table) : table);
  }
  Random& random() { return random_; }

 private:
  const Case& case_;
  bool skips_null_;
  Random random_;
  std::int64_t next_position_ = 0;
  Table present_;
};

/// Two states that each take a part of the changes, and one that takes all.
void run(const Case& of, bool retracting, std::uint64_t seed) {
  std::vector<const Value*> constants;
  for (const Value& constant : of.constants) constants.push_back(&constant);
  const BoundAggregate bound = bind_aggregate(of.name, of.types, retracting, of.distinct, constants);
  ASSERT_EQ(bound.result, of.result);
  ASSERT_TRUE(bound.retractable || !retracting);
  constexpr std::size_t kGroups = 3;
  Changelog changes(of, bound.skips_null, seed);
  States all(bound, of.types, kGroups);
  States left(bound, of.types, kGroups);
  States right(bound, of.types, kGroups);
  const bool last_digits =
      of.name.find("var") == std::string::npos && of.name.find("stddev") == std::string::npos;
  for (int step = 0; step < 25; ++step) {
    const std::vector<InputRow> rows = changes.batch(!retracting || step < 5);
    all.apply(rows);
    (changes.random().chance(1, 2) ? left : right).apply(rows);
    const std::string what =
        fmt::format("{}({}{}), {}, seed {}, step {}", of.name, of.distinct ? "distinct " : "",
                    to_string(of.types.back()), retracting ? "retracting" : "append-only", seed, step);
    States joined(bound, of.types, kGroups);
    joined.combine(left);
    joined.combine(right);
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      const Value expected = changes.expected(group);
      ASSERT_NO_FATAL_FAILURE(expect_close(all.result(group), expected, last_digits, what));
      ASSERT_NO_FATAL_FAILURE(expect_close(joined.result(group), expected, last_digits, what + ", combined"));
      States restored(bound, of.types, kGroups);
      ASSERT_TRUE(restored.restore(joined.bytes(group), group).has_value()) << what;
      ASSERT_NO_FATAL_FAILURE(
          expect_close(restored.result(group), expected, last_digits, what + ", restored"));
    }
  }
}

TEST(AggregateRandom, AgreesWithRecomputationUnderRetraction) {
  constexpr std::uint64_t kSeed = 20'150'601;
  std::cout << "seed " << kSeed << '\n';
  for (const Case& of : cases()) {
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(run(of, true, kSeed + i));
  }
}

TEST(AggregateRandom, AgreesWithRecomputationWhenOnlyAppended) {
  constexpr std::uint64_t kSeed = 7;
  std::cout << "seed " << kSeed << '\n';
  for (const Case& of : cases()) {
    for (std::uint64_t i = 0; i < 3; ++i) ASSERT_NO_FATAL_FAILURE(run(of, false, kSeed + i));
  }
}

// Truncated, changed and random bytes: an Error or some state, never a crash, and what was taken can be used.
TEST(AggregateRandom, DamagedStatesNeverCrash) {
  constexpr std::uint64_t kSeed = 11;
  std::cout << "seed " << kSeed << '\n';
  Random random(kSeed);
  for (const Case& of : cases()) {
    for (const bool retracting : {false, true}) {
      std::vector<const Value*> constants;
      for (const Value& constant : of.constants) constants.push_back(&constant);
      const BoundAggregate bound = bind_aggregate(of.name, of.types, retracting, of.distinct, constants);
      Changelog changes(of, bound.skips_null, random.next());
      States states(bound, of.types, 3);
      for (int i = 0; i < 6; ++i) states.apply(changes.batch(true));
      const std::string bytes = states.bytes();
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        States fresh(bound, of.types);
        ASSERT_FALSE(fresh.restore(bytes.substr(0, size)).has_value())
            << of.name << " of " << size << " bytes";
      }
      for (int i = 0; i < 40; ++i) {
        std::string wrong = bytes;
        wrong[random.below(wrong.size())] = static_cast<char>(random.next());
        if (random.chance(1, 4)) {
          for (char& byte : wrong) byte = static_cast<char>(random.next());
        }
        States fresh(bound, of.types);
        if (!fresh.restore(wrong).has_value()) continue;
        States other(bound, of.types);
        other.combine(fresh);
        EXPECT_EQ(other.result().type(), bound.result);
      }
    }
  }
}

}  // namespace
}  // namespace dart::columnar
