#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "unit/columnar/aggregate_states.hpp"

// Small tables whose results are PostgreSQL 15's, and the corners of single aggregates.
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
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Value> ints(const std::vector<std::int64_t>& values) {
  std::vector<Value> result;
  for (const std::int64_t v : values) result.push_back(Value::integer(v));
  return result;
}
std::vector<Value> reals(const std::vector<double>& values) {
  std::vector<Value> result;
  for (const double v : values) result.push_back(Value::real(v));
  return result;
}
std::vector<Value> texts(const std::vector<std::string>& values) {
  std::vector<Value> result;
  for (const std::string& v : values) result.push_back(Value::text(v));
  return result;
}

/// The result over the values; both ways to hold them must say the same.
std::string one(std::string_view name, LogicalType type, const std::vector<Value>& values) {
  States kept(bind_aggregate(name, {type}, true), {type});
  States appended(bind_aggregate(name, {type}, false), {type});
  kept.take(values);
  appended.take(values);
  EXPECT_EQ(kept.text(), appended.text()) << name;
  return kept.text();
}

/// An aggregate with a fraction in front.
std::string percentile(std::string_view name, const Value& fraction, LogicalType type,
                       const std::vector<Value>& values) {
  States states(bind_aggregate(name, {fraction.type(), type}, true, false, {&fraction}),
                {fraction.type(), type});
  std::vector<InputRow> rows;
  for (const Value& value : values) rows.push_back({{fraction, value}, 1, 0, 0});
  states.apply(rows);
  return states.text();
}

/// An aggregate of pairs (y, x).
std::string pairs(std::string_view name, const std::vector<double>& ys, const std::vector<double>& xs) {
  States states(bind_aggregate(name, {kDouble, kDouble}), {kDouble, kDouble});
  std::vector<InputRow> rows;
  for (std::size_t i = 0; i < ys.size(); ++i)
    rows.push_back({{Value::real(ys[i]), Value::real(xs[i])}, 1, 0, 0});
  states.apply(rows);
  return states.text();
}

std::string refusal(std::string_view name, const std::vector<LogicalType>& types, bool distinct = false) {
  const std::vector<const Value*> constants(types.size(), nullptr);
  const auto resolved = resolve_aggregate(name, types, constants, distinct, false);
  return resolved ? "" : resolved.error().message + "|" + resolved.error().hint;
}

TEST(AggregateResults, Deviations) {
  const auto numeric = LogicalType::numeric(5, 1);
  const std::vector<Value> tenths = {Value::numeric(5, 1, 10), Value::numeric(5, 1, 20),
                                     Value::numeric(5, 1, 40)};
  for (const auto& [type, values] : {std::pair{kInt, ints({1, 2, 4})}, std::pair{numeric, tenths}}) {
    EXPECT_EQ(one("stddev", type, values), "1.5275252316519467");
    EXPECT_EQ(one("variance", type, values), "2.3333333333333333");
    EXPECT_EQ(one("var_pop", type, values), "1.5555555555555556");
    EXPECT_EQ(one("stddev_pop", type, values), "1.2472191289246471");
  }
  EXPECT_EQ(one("var_pop", kDouble, reals({1, 2, 4})), "1.5555555555555556");
  EXPECT_EQ(one("stddev_samp", kInt, ints({7})), "NULL");
  EXPECT_EQ(one("stddev_pop", kInt, ints({7})), "0.0000000000000000");
  EXPECT_EQ(one("var_samp", kDouble, reals({7})), "NULL");
  EXPECT_EQ(one("stddev", kDouble, reals({1, 2, kInfinity})), "NaN");
}

// The mean is 10^8 times the spread; naive sums of squares of doubles would have no digit left.
TEST(AggregateResults, DeviationsFarFromZero) {
  EXPECT_EQ(one("var_samp", kDouble, reals({1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16})), "30");
  EXPECT_EQ(one("stddev_pop", kDouble, reals({0.1, 0.1, 0.1})), "0");
  EXPECT_EQ(pairs("regr_slope", {1, 2, 3}, {1.6e9 + 1, 1.6e9 + 2, 1.6e9 + 3}), "1");
  EXPECT_EQ(pairs("regr_intercept", {1, 2, 3}, {1.6e9 + 1, 1.6e9 + 2, 1.6e9 + 3}), "-1600000000");
}

TEST(AggregateResults, DeviationsAfterMillionsOfRetractions) {
  States states(bind_aggregate("stddev_pop", {kDouble}), {kDouble});
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<InputRow> rows;
    for (int i = 0; i < 1000; ++i) {
      const Value value = Value::real(random.unit() * 1e6);
      rows.push_back({{value}, 1, 0, 0});
      rows.push_back({{value}, -1, 0, 0});
    }
    for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
    states.apply(rows);
  }
  states.take(reals({0.1, 0.1}));
  EXPECT_EQ(states.text(), "0");
  states.take(reals({0.1}), -1);
  states.take(reals({0.3}));
  EXPECT_NEAR(states.result().real(), 0.1, 1e-16);
}

TEST(AggregateResults, HugeValuesHaveNoVariance) {
  States states(bind_aggregate("variance", {kDouble}), {kDouble});
  states.take(reals({1, 1e300}));
  EXPECT_EQ(states.text(), "NULL");
  EXPECT_TRUE(states.out_of_range());
  states.take(reals({1e300}), -1);
  states.take(reals({3}));
  EXPECT_EQ(states.text(), "2");
}

TEST(AggregateResults, Regression) {
  const std::vector<double> ys = {1, 3, 2};
  const std::vector<double> xs = {1, 2, 3};
  EXPECT_EQ(pairs("regr_slope", ys, xs), "0.5");
  EXPECT_EQ(pairs("regr_intercept", ys, xs), "1");
  EXPECT_EQ(pairs("regr_r2", ys, xs), "0.25");
  EXPECT_EQ(pairs("corr", ys, xs), "0.5");
  EXPECT_EQ(pairs("covar_samp", ys, xs), "0.5");
  EXPECT_EQ(pairs("covar_pop", ys, xs), "0.3333333333333333");
  EXPECT_EQ(pairs("regr_count", ys, xs), "3");
  EXPECT_EQ(pairs("regr_sxx", ys, xs), "2");
}

TEST(AggregateResults, RegressionWithoutASpread) {
  EXPECT_EQ(pairs("regr_slope", {1, 2}, {5, 5}), "NULL");
  EXPECT_EQ(pairs("regr_intercept", {1, 2}, {5, 5}), "NULL");
  EXPECT_EQ(pairs("regr_r2", {1, 2}, {5, 5}), "NULL");
  EXPECT_EQ(pairs("regr_r2", {2, 2}, {5, 6}), "1");
  EXPECT_EQ(pairs("corr", {2, 2}, {5, 6}), "NULL");
  EXPECT_EQ(pairs("covar_samp", {2}, {5}), "NULL");
  EXPECT_EQ(pairs("covar_pop", {2}, {5}), "0");
  EXPECT_EQ(pairs("regr_slope", {}, {}), "NULL");
  EXPECT_EQ(pairs("regr_count", {}, {}), "0");
  EXPECT_EQ(pairs("corr", {1, kInfinity}, {1, 2}), "NaN");
}

TEST(AggregateResults, ExtremesOrderAsPostgres) {
  EXPECT_EQ(one("max", kDouble, reals({1, std::nan(""), kInfinity})), "NaN");
  EXPECT_EQ(one("min", kDouble, reals({std::nan(""), 1, kInfinity})), "1");
  EXPECT_EQ(one("min", kDouble, reals({1, std::nan("")})), "1");
  EXPECT_EQ(one("min", kDouble, reals({std::nan(""), -std::nan("")})), "NaN");
  EXPECT_EQ(one("max", kDouble, reals({-kInfinity})), "-Infinity");
  EXPECT_EQ(one("min", kDouble, reals({kInfinity})), "Infinity");
  EXPECT_EQ(one("max", kText, texts({"b", "B", "a text longer than twelve bytes"})), "b");
  EXPECT_EQ(one("min", kText, texts({"b", "", "B"})), "");
  EXPECT_EQ(one("max", kBigInt, {Value::bigint(std::numeric_limits<std::int64_t>::min())}),
            "-9223372036854775808");
  EXPECT_EQ(one("min", kBigInt, {Value::bigint(std::numeric_limits<std::int64_t>::max())}),
            "9223372036854775807");
  EXPECT_EQ(one("max", kTimestamp, {Value::timestamp(0), Value::timestamp(1'500'000)}),
            "1970-01-01 00:00:01.5");
  EXPECT_EQ(one("max", kInt, {}), "NULL");
}

TEST(AggregateResults, CombinedExtremesKnowNanAndNothing) {
  for (const bool retracting : {false, true}) {
    const auto combined = [&](std::string_view name, const std::vector<double>& a,
                              const std::vector<double>& b) {
      States into(bind_aggregate(name, {kDouble}, retracting), {kDouble});
      States from(bind_aggregate(name, {kDouble}, retracting), {kDouble});
      into.take(reals(a));
      from.take(reals(b));
      into.combine_one(from);
      return into.text();
    };
    EXPECT_EQ(combined("min", {}, {std::nan("")}), "NaN");
    EXPECT_EQ(combined("min", {std::nan("")}, {}), "NaN");
    EXPECT_EQ(combined("min", {std::nan("")}, {2}), "2");
    EXPECT_EQ(combined("max", {2}, {std::nan("")}), "NaN");
    EXPECT_EQ(combined("max", {std::nan("")}, {2}), "NaN");
    EXPECT_EQ(combined("max", {}, {}), "NULL");
  }
}

TEST(AggregateResults, Percentiles) {
  const std::vector<Value> four = reals({4, 1, 3, 2});
  EXPECT_EQ(percentile("percentile_cont", Value::real(0.25), kDouble, four), "1.75");
  EXPECT_EQ(percentile("percentile_cont", Value::real(0), kDouble, four), "1");
  EXPECT_EQ(percentile("percentile_cont", Value::integer(1), kDouble, four), "4");
  EXPECT_EQ(percentile("percentile_disc", Value::numeric(2, 1, 5), kDouble, four), "2");
  EXPECT_EQ(percentile("percentile_disc", Value::real(0.51), kDouble, four), "3");
  EXPECT_EQ(percentile("percentile_disc", Value::real(0), kText, texts({"b", "a"})), "a");
  EXPECT_EQ(percentile("percentile_cont", Value::null(kDouble), kDouble, four), "NULL");
  EXPECT_EQ(one("median", kDouble, reals({4, 1, 3, 2})), "2.5");
  EXPECT_EQ(one("median", kDouble, reals({std::nan(""), 1, 3})), "3");
  EXPECT_EQ(one("median", kInterval, {Value::interval(1), Value::interval(4)}), "00:00:00.000003");
  const auto money = LogicalType::numeric(9, 2);
  EXPECT_EQ(one("median", money, {Value::numeric(9, 2, 125), Value::numeric(9, 2, 100)}),
            "1.1250000000000000");
  EXPECT_EQ(one("median", money, {Value::numeric(9, 2, 125)}), "1.2500000000000000");
  EXPECT_EQ(one("median", money, {}), "NULL");
  EXPECT_EQ(one("mode", kInt, ints({3, 1, 3, 1, 2})), "1");
}

TEST(AggregateResults, MedianOfIntegersIsADouble) {
  const std::vector<LogicalType> types = {kInt};
  const std::vector<const Value*> constants = {nullptr};
  const auto resolved = resolve_aggregate("median", types, constants, false, true);
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->parameters[0], kDouble);
  EXPECT_EQ(resolved->bound.result, kDouble);
}

TEST(AggregateResults, NumericMedianOutOfRange) {
  const auto type = LogicalType::numeric(38, 0);
  int128 large = 1;
  for (int i = 0; i < 30; ++i) large *= 10;
  States states(bind_aggregate("median", {type}), {type});
  states.take({Value::numeric(38, 0, large), Value::numeric(38, 0, large)});
  EXPECT_EQ(states.text(), "NULL");
  EXPECT_TRUE(states.out_of_range());
  states.take({Value::numeric(38, 0, -large), Value::numeric(38, 0, -large)});
  EXPECT_EQ(states.text(), "0.0000000000000000");
}

TEST(AggregateResults, FirstAndLastFollowPositions) {
  for (const bool retracting : {false, true}) {
    States first(bind_aggregate("first", {kText}, retracting), {kText});
    States last(bind_aggregate("last", {kText}, retracting), {kText});
    for (States* states : {&first, &last}) {
      EXPECT_EQ(states->text(), "NULL");
      states->apply(
          {{{Value::text("b, longer than twelve bytes")}, 1, 20, 0}, {{Value::text("c")}, 1, 30, 0}});
      states->apply({{{Value::text("a")}, 1, 10, 0}});
    }
    EXPECT_EQ(first.text(), "a");
    EXPECT_EQ(last.text(), "c");
    first.apply({{{Value::null(kText)}, 1, 5, 0}});
    EXPECT_EQ(first.text(), "NULL");
    if (!retracting) continue;
    first.apply({{{Value::null(kText)}, -1, 5, 0}, {{Value::text("a")}, -1, 10, 0}});
    EXPECT_EQ(first.text(), "b, longer than twelve bytes");
    last.apply({{{Value::text("c")}, -1, 30, 0}});
    EXPECT_EQ(last.text(), "b, longer than twelve bytes");
  }
}

TEST(AggregateResults, StringAggFollowsPositions) {
  States states(bind_aggregate("string_agg", {kText, kText}), {kText, kText});
  const Value comma = Value::text(", ");
  states.apply({{{Value::text("b"), comma}, 1, 2, 0},
                {{Value::text("c"), Value::null(kText)}, 1, 3, 0},
                {{Value::null(kText), comma}, 1, 4, 0},
                {{Value::text("d"), comma}, 2, 5, 0}});
  states.apply({{{Value::text("a"), comma}, 1, 1, 0}});
  EXPECT_EQ(states.text(), "a, bc, d, d");
  states.apply({{{Value::text("b"), comma}, -1, 2, 0}});
  EXPECT_EQ(states.text(), "ac, d, d");
  States distinct(bind_aggregate("string_agg", {kText, kText}, true, true), {kText, kText});
  distinct.apply({{{Value::text("b"), comma}, 1, 1, 0},
                  {{Value::text("a"), comma}, 1, 2, 0},
                  {{Value::text("b"), comma}, 1, 3, 0}});
  EXPECT_EQ(distinct.text(), "a, b");
}

TEST(AggregateResults, BooleansAndBits) {
  const std::vector<Value> mixed = {Value::boolean(true), Value::boolean(false), Value::null(kBool)};
  EXPECT_EQ(one("bool_and", kBool, mixed), "f");
  EXPECT_EQ(one("bool_or", kBool, mixed), "t");
  EXPECT_EQ(one("every", kBool, {Value::boolean(true)}), "t");
  EXPECT_EQ(one("bool_and", kBool, {Value::null(kBool)}), "NULL");
  EXPECT_EQ(one("bit_and", kInt, ints({6, 3})), "2");
  EXPECT_EQ(one("bit_or", kInt, ints({6, 3, -8})), "-1");
}

TEST(AggregateResults, DistinctCountsEachValueOnce) {
  States states(bind_aggregate("count", {kDouble}, true, true), {kDouble});
  states.take(reals({1, 1, 0.0, -0.0, std::nan(""), -std::nan("")}));
  EXPECT_EQ(states.text(), "3");
  states.take(reals({1}), -1);
  EXPECT_EQ(states.text(), "3");
  states.take(reals({1}), -1);
  EXPECT_EQ(states.text(), "2");
  States pair(bind_aggregate("regr_count", {kDouble, kDouble}, true, true), {kDouble, kDouble});
  pair.apply({{{Value::real(1), Value::real(2)}, 2, 0, 0}, {{Value::real(2), Value::real(1)}, 1, 0, 0}});
  EXPECT_EQ(pair.text(), "2");
}

TEST(AggregateResults, RefusalsSayWhy) {
  EXPECT_EQ(refusal("sum", {kText}),
            "aggregate sum(text) does not exist|there is sum(integer), sum(bigint), sum(numeric), sum(double "
            "precision), sum(interval)");
  EXPECT_EQ(refusal("max", {kBool}).substr(0, 40), "aggregate max(boolean) does not exist|th");
  EXPECT_EQ(refusal("count", {kInt, kInt}),
            "aggregate count(integer, integer) does not exist|there is count(*), count(any)");
  EXPECT_EQ(refusal("frobnicate", {kInt}), "aggregate frobnicate(integer) does not exist|");
  EXPECT_EQ(refusal("last", {kInt}, true), "DISTINCT has no meaning in last(integer)|");
  EXPECT_EQ(refusal("count", {}, true), "DISTINCT has no meaning in count()|");
  EXPECT_EQ(refusal("percentile_cont", {kDouble, kDouble}),
            "the fraction of a percentile must be a constant|");
  const Value beyond = Value::real(1.5);
  const std::vector<LogicalType> types = {kDouble, kDouble};
  const std::vector<const Value*> constants = {&beyond, nullptr};
  const auto resolved = resolve_aggregate("percentile_disc", types, constants, false, false);
  ASSERT_FALSE(resolved.has_value());
  EXPECT_EQ(resolved.error().message, "percentile value 1.5 is not between 0 and 1");
  EXPECT_TRUE(is_aggregate_function("regr_slope"));
  EXPECT_FALSE(is_aggregate_function("upper"));
}

TEST(AggregateResults, OnlyCheapStatesWithoutRetraction) {
  EXPECT_FALSE(bind_aggregate("max", {kInt}, false).retractable);
  EXPECT_EQ(bind_aggregate("max", {kInt}, false).destroy, nullptr);
  EXPECT_TRUE(bind_aggregate("max", {kInt}, true).retractable);
  EXPECT_TRUE(bind_aggregate("avg", {kDouble}, false).retractable);
  EXPECT_LE(bind_aggregate("avg", {kDouble}, false).state_size, 40U);
}

/// How the same rows can be handed in: only the shape differs, so only the loop does.
enum class Shape { OneState, Groups, Selection, Weights };

std::string shaped(const BoundAggregate& bound, const Vector& column, std::size_t count, Shape shape) {
  const void* parameters = bound.parameters.get();
  std::vector<std::uint64_t> state((bound.state_size + 7) / 8);
  auto* place = reinterpret_cast<std::byte*>(state.data());
  bound.init(parameters, place);
  const std::vector<std::uint32_t> groups(count, 0);
  const std::vector<std::int64_t> weights(count, 1);
  std::vector<std::uint32_t> selection(count);
  for (std::size_t i = 0; i < count; ++i) selection[i] = static_cast<std::uint32_t>(count - 1 - i);
  const Vector* const arguments[] = {&column};
  bound.update(parameters, {arguments, shape == Shape::Selection ? selection.data() : nullptr, count,
                            shape == Shape::Groups ? groups.data() : nullptr,
                            shape == Shape::Weights ? weights.data() : nullptr, nullptr, place, 0});
  Vector out;
  out.reset(bound.result, 1);
  bound.finalize(parameters, place, out, 0);
  if (bound.destroy != nullptr) bound.destroy(parameters, place);
  return out.value(0).to_string();
}

TEST(AggregateResults, EveryLoopSaysTheSame) {
  constexpr std::uint64_t kSeed = 3;
  Random random(kSeed);
  for (const LogicalType type : {kInt, kBigInt, kDouble, kTimestamp, LogicalType::numeric(30, 3)}) {
    for (const std::size_t count : {0, 1, 7, 8, 9, 63, 2048, 66'000}) {
      for (const int special : {0, 1, 2}) {
        if (special > 0 && (type != kDouble || count > 2048)) continue;
        Vector column;
        column.reset(type, count);
        for (std::size_t i = 0; i < count; ++i) {
          const auto number = static_cast<std::int64_t>(random.next() >> (type == kInt ? 34 : 1)) -
                              (type == kInt ? 1 << 29 : std::int64_t{1} << 62);
          if (type == kDouble) {
            column.mutable_data<double>()[i] = static_cast<double>(number >> 20);
          } else {
            column.set_value(
                i, type.id == TypeId::Numeric ? Value::numeric(30, 3, number) : Value::of(type, number));
          }
        }
        if (special > 0 && count > 0) {
          column.mutable_data<double>()[random.below(count)] = special == 1 ? kInfinity : std::nan("");
        }
        for (const char* name : {"count", "sum", "avg", "min", "max"}) {
          if (type == kTimestamp && (name[0] == 's' || name[0] == 'a')) continue;
          for (const bool retracting : {false, true}) {
            const BoundAggregate bound = bind_aggregate(name, {type}, retracting);
            const std::string expected = shaped(bound, column, count, Shape::Weights);
            for (const Shape shape : {Shape::OneState, Shape::Groups, Shape::Selection}) {
              ASSERT_EQ(shaped(bound, column, count, shape), expected)
                  << name << " of " << count << " " << to_string(type) << ", seed " << kSeed;
            }
          }
        }
      }
    }
  }
}

TEST(AggregateResults, ConstantArguments) {
  for (const auto& [name, expected] :
       {std::pair{"sum", "10"}, std::pair{"count", "4"}, std::pair{"max", "2.5"}, std::pair{"avg", "2.5"}}) {
    const Vector column = Vector::constant(Value::real(2.5));
    EXPECT_EQ(shaped(bind_aggregate(name, {kDouble}, false), column, 4, Shape::OneState), expected);
  }
}

}  // namespace
}  // namespace dart::columnar
