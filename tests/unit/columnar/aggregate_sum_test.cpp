#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "unit/columnar/aggregate_states.hpp"

namespace dart::columnar {
namespace {

using testing::bind_aggregate;
using testing::InputRow;
using testing::States;

const LogicalType kInt = LogicalType::of(TypeId::Int);
const LogicalType kBigInt = LogicalType::of(TypeId::BigInt);
const LogicalType kDouble = LogicalType::of(TypeId::Double);
const LogicalType kInterval = LogicalType::of(TypeId::Interval);
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string one(std::string_view name, LogicalType type, const std::vector<Value>& values) {
  States states(bind_aggregate(name, {type}), {type});
  states.take(values);
  return states.text();
}

std::vector<Value> numerics(int precision, int scale, const std::vector<std::int64_t>& unscaled) {
  std::vector<Value> values;
  for (const std::int64_t v : unscaled) values.push_back(Value::numeric(precision, scale, v));
  return values;
}

TEST(AggregateSum, ResultTypesArePostgres) {
  EXPECT_EQ(bind_aggregate("count", {}).result, kBigInt);
  EXPECT_EQ(bind_aggregate("sum", {kInt}).result, kBigInt);
  EXPECT_EQ(bind_aggregate("sum", {kBigInt}).result, LogicalType::numeric(38, 0));
  EXPECT_EQ(bind_aggregate("sum", {LogicalType::numeric(9, 2)}).result, LogicalType::numeric(38, 2));
  EXPECT_EQ(bind_aggregate("avg", {kInt}).result, LogicalType::numeric(38, 16));
  EXPECT_EQ(bind_aggregate("avg", {LogicalType::numeric(30, 20)}).result, LogicalType::numeric(38, 20));
  EXPECT_EQ(bind_aggregate("avg", {kDouble}).result, kDouble);
  EXPECT_EQ(bind_aggregate("sum", {kInterval}).result, kInterval);
}

TEST(AggregateSum, SmallTables) {
  const std::vector<Value> ints = {Value::integer(1), Value::integer(2), Value::integer(2),
                                   Value::null(kInt)};
  EXPECT_EQ(one("count", kInt, ints), "3");
  EXPECT_EQ(one("sum", kInt, ints), "5");
  EXPECT_EQ(one("avg", kInt, ints), "1.6666666666666667");
  EXPECT_EQ(one("avg", kInt, {Value::integer(-1), Value::integer(-1), Value::integer(0)}),
            "-0.6666666666666667");
  EXPECT_EQ(one("sum", LogicalType::numeric(9, 2), numerics(9, 2, {150, -25})), "1.25");
  EXPECT_EQ(one("avg", LogicalType::numeric(9, 2), numerics(9, 2, {100, 225})), "1.6250000000000000");
  EXPECT_EQ(one("sum", kInterval, {Value::interval(1'500'000), Value::interval(500'000)}), "00:00:02");
  EXPECT_EQ(one("avg", kInterval, {Value::interval(1), Value::interval(2)}), "00:00:00.000002");
  EXPECT_EQ(one("sum", kDouble, {Value::real(0.5), Value::real(0.25)}), "0.75");
  EXPECT_EQ(one("avg", kDouble, {Value::real(0.5), Value::real(0.25)}), "0.375");
}

TEST(AggregateSum, NothingIsNullButCounts) {
  EXPECT_EQ(one("count", kInt, {}), "0");
  for (const LogicalType type : {kInt, kBigInt, kDouble, kInterval, LogicalType::numeric(38, 3)}) {
    EXPECT_EQ(one("sum", type, {}), "NULL");
    EXPECT_EQ(one("avg", type, {}), "NULL");
  }
}

TEST(AggregateSum, CountStarNeedsNoArguments) {
  States states(bind_aggregate("count", {}), {}, 2);
  states.apply({{{}, 1, 0, 0}, {{}, 5, 0, 1}, {{}, -2, 0, 1}});
  EXPECT_EQ(states.text(0), "1");
  EXPECT_EQ(states.text(1), "3");
}

TEST(AggregateSum, OutOfRangeIsNullAndReportedAndPasses) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  States interval(bind_aggregate("sum", {kInterval}), {kInterval});
  interval.take({Value::interval(kMost), Value::interval(1)});
  EXPECT_EQ(interval.text(), "NULL");
  EXPECT_TRUE(interval.out_of_range());
  interval.take({Value::interval(1)}, -1);
  EXPECT_EQ(interval.result().bigint(), kMost);
  EXPECT_FALSE(interval.out_of_range());

  States big(bind_aggregate("sum", {kBigInt}), {kBigInt});
  big.take({Value::bigint(kMost), Value::bigint(kMost)});
  EXPECT_EQ(big.text(), "18446744073709551614");

  const auto wide = LogicalType::numeric(38, 0);
  int128 nines = 1;
  for (int i = 0; i < 38; ++i) nines *= 10;
  nines -= 1;
  States numeric(bind_aggregate("sum", {wide}), {wide});
  States average(bind_aggregate("avg", {wide}), {wide});
  for (auto* states : {&numeric, &average}) {
    states->take({Value::numeric(38, 0, nines), Value::numeric(38, 0, nines), Value::numeric(38, 0, nines)});
    EXPECT_EQ(states->text(), "NULL");
    EXPECT_TRUE(states->out_of_range());
  }
  numeric.take({Value::numeric(38, 0, -nines)});
  EXPECT_TRUE((numeric.take({Value::numeric(38, 0, nines)}, -1), numeric.result().get<int128>() == nines));
}

TEST(AggregateSum, AverageOfWideNumericIsExact) {
  const auto type = LogicalType::numeric(38, 16);
  int128 most = 1;
  for (int i = 0; i < 38; ++i) most *= 10;
  States states(bind_aggregate("avg", {type}), {type});
  for (int i = 0; i < 5; ++i) states.take({Value::numeric(38, 16, most - 1 - 3 * i)});
  EXPECT_TRUE(states.result().get<int128>() == most - 7);
}

TEST(AggregateSum, NanAndInfinitiesCanBeTakenOutAgain) {
  States states(bind_aggregate("sum", {kDouble}), {kDouble});
  const auto real = [](double v) { return std::vector<Value>{Value::real(v)}; };
  states.take({Value::real(1.5), Value::real(-0.5)});
  states.take(real(kInfinity));
  EXPECT_EQ(states.text(), "Infinity");
  states.take(real(-kInfinity));
  EXPECT_EQ(states.text(), "NaN");
  states.take(real(kInfinity), -1);
  EXPECT_EQ(states.text(), "-Infinity");
  states.take(real(std::nan("")));
  EXPECT_EQ(states.text(), "NaN");
  states.take(real(std::nan("")), -1);
  states.take(real(-kInfinity), -1);
  EXPECT_EQ(states.text(), "1");
  EXPECT_GT(states.owned_bytes(), 0U);
}

TEST(AggregateSum, HugeDoublesOverflowOnlyWhileTheyAreThere) {
  States states(bind_aggregate("sum", {kDouble}), {kDouble});
  states.take({Value::real(3), Value::real(1e308), Value::real(1e308)});
  EXPECT_EQ(states.text(), "NULL");
  EXPECT_TRUE(states.out_of_range());
  states.take({Value::real(1e308)}, -1);
  EXPECT_EQ(states.result().real(), 1e308);
  states.take({Value::real(1e308)}, -1);
  EXPECT_EQ(states.result().real(), 3);
}

TEST(AggregateSum, SmallValuesSurviveLargeOnes) {
  States states(bind_aggregate("sum", {kDouble}), {kDouble});
  states.take({Value::real(1), Value::real(1e100), Value::real(1), Value::real(-1e100)});
  EXPECT_EQ(states.result().real(), 2);
}

// A window slides over 10^7 rows; what stays in it must sum as if it had just been put in.
TEST(AggregateSum, NoDriftOverTenMillionAdditionsAndRetractions) {
  constexpr std::size_t kRows = 10'000'000;
  constexpr std::size_t kWindow = 1000;
  constexpr std::size_t kBatch = 2000;
  const BoundAggregate bound = bind_aggregate("sum", {kDouble});
  std::vector<std::uint64_t> state((bound.state_size + 7) / 8);
  auto* place = reinterpret_cast<std::byte*>(state.data());
  bound.init(nullptr, place);
  const auto value = [](std::size_t i) {
    return (static_cast<double>(mix64(i) >> 11) * 0x1p-53 - 0.3) * (i % 7 == 0 ? 1e12 : 1e-3);
  };
  std::vector<std::int64_t> weights(kBatch);
  for (std::size_t k = 0; k < kBatch; ++k) weights[k] = k % 2 == 0 ? 1 : -1;
  Vector column;
  const Vector* const arguments[] = {&column};
  const Vector zeros = Vector::constant(Value::real(0));
  const Vector* const filling[] = {&zeros};
  bound.update(nullptr, {filling, nullptr, kWindow, nullptr, nullptr, nullptr, place, 0});
  for (std::size_t begin = 0; begin < kRows; begin += kBatch / 2) {
    column.reset(kDouble, kBatch);
    auto* values = column.mutable_data<double>();
    for (std::size_t k = 0; k < kBatch; k += 2) {
      const std::size_t i = begin + k / 2;
      values[k] = value(i);
      values[k + 1] = i >= kWindow ? value(i - kWindow) : 0;
    }
    bound.update(nullptr, {arguments, nullptr, kBatch, nullptr, weights.data(), nullptr, place, 0});
  }
  long double expected = 0;
  for (std::size_t i = kRows - kWindow; i < kRows; ++i) expected += value(i);
  Vector out;
  out.reset(kDouble, 1);
  EXPECT_FALSE(bound.finalize(nullptr, place, out, 0));
  EXPECT_NEAR(out.data<double>()[0] / static_cast<double>(expected), 1.0, 1e-15);
  bound.destroy(nullptr, place);
}

TEST(AggregateSum, DamagedStatesAreErrors) {
  for (const char* name : {"count", "sum", "avg"}) {
    for (const LogicalType type : {kInt, kDouble, LogicalType::numeric(30, 2)}) {
      const BoundAggregate bound = bind_aggregate(name, {type});
      States states(bound, {type});
      const std::string bytes = states.bytes();
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        States fresh(bound, {type});
        EXPECT_FALSE(fresh.restore(bytes.substr(0, size)).has_value());
      }
    }
  }
}

}  // namespace
}  // namespace dart::columnar
