// The oracle's own aggregates against PostgreSQL 15's answers for a fixed column.
#include "support/naive_aggregate.hpp"

#include <gtest/gtest.h>

namespace dart::support {
namespace {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;

std::vector<AggregateInput> column(const std::vector<Value>& values) {
  std::vector<AggregateInput> rows;
  for (const Value& value : values) rows.push_back({{value}, static_cast<std::int64_t>(rows.size())});
  return rows;
}

const Value kNull = Value::null(LogicalType::of(TypeId::Int));
const std::vector<Value> kIntegers = {Value::integer(5), kNull, Value::integer(2), Value::integer(2)};

std::string answer(const std::string& name, LogicalType type, const std::vector<Value>& values,
                   const Cells& direct = {}, bool distinct = false) {
  return naive_aggregate(name, direct, distinct, type, column(values)).to_string();
}

TEST(NaiveAggregate, AnswersAsPostgres) {
  const LogicalType bigint = LogicalType::of(TypeId::BigInt);
  const LogicalType numeric = LogicalType::numeric(38, 16);
  EXPECT_EQ(answer("count", bigint, kIntegers), "3");
  EXPECT_EQ(answer("count", bigint, kIntegers, {}, true), "2");
  EXPECT_EQ(answer("sum", bigint, kIntegers), "9");
  EXPECT_EQ(answer("sum", bigint, kIntegers, {}, true), "7");
  EXPECT_EQ(answer("avg", numeric, kIntegers), "3.0000000000000000");
  EXPECT_EQ(answer("median", numeric, kIntegers), "2.0000000000000000");
  EXPECT_EQ(answer("min", LogicalType::of(TypeId::Int), kIntegers), "2");
  EXPECT_EQ(answer("max", LogicalType::of(TypeId::Int), kIntegers), "5");
  EXPECT_EQ(answer("first", LogicalType::of(TypeId::Int), kIntegers), "5");
  EXPECT_EQ(answer("variance", LogicalType::of(TypeId::Double), kIntegers), "3");
  EXPECT_EQ(answer("percentile_disc", LogicalType::of(TypeId::Int), kIntegers, {Value::real(0.9)}), "5");
  EXPECT_EQ(answer("percentile_cont", LogicalType::of(TypeId::Double), kIntegers, {Value::real(0.75)}),
            "3.5");
}

TEST(NaiveAggregate, WithoutValuesIsNull) {
  const std::vector<Value> only_null = {kNull};
  EXPECT_EQ(answer("sum", LogicalType::of(TypeId::BigInt), only_null), "NULL");
  EXPECT_EQ(answer("stddev", LogicalType::of(TypeId::Double), {Value::integer(1)}), "NULL");
  EXPECT_EQ(answer("count", LogicalType::of(TypeId::BigInt), {}), "0");
}

TEST(NaiveAggregate, RoundsHalfAwayFromZero) {
  const std::vector<Value> thirds = {Value::numeric(8, 2, -1), Value::numeric(8, 2, -1),
                                     Value::numeric(8, 2, 0)};
  EXPECT_EQ(answer("avg", LogicalType::numeric(38, 16), thirds), "-0.0066666666666667");
}

}  // namespace
}  // namespace dart::support
