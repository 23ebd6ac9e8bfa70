#include <gtest/gtest.h>

#include "unit/columnar/function_tester.hpp"

namespace dart::columnar {
namespace {

TEST(Rounding, AsPostgres) {
  expect_all({
      {"abs", {"int -5"}, "5"},
      {"abs", {"int -2147483648"}, "error: integer out of range"},
      {"abs", {"bigint -9223372036854775808"}, "error: bigint out of range"},
      {"abs", {"bigint -9223372036854775807"}, "9223372036854775807"},
      {"abs", {"numeric(9,2) -1.50"}, "1.50"},
      {"abs", {"double -1.5"}, "1.5"},
      {"@", {"double -1.5"}, "1.5"},
      {"ceil", {"numeric(9,2) -1.50"}, "-1"},
      {"ceil", {"numeric(9,2) 1.01"}, "2"},
      {"ceiling", {"double -0.5"}, "-0"},
      {"floor", {"numeric(9,2) -1.50"}, "-2"},
      {"floor", {"double 1.9"}, "1"},
      {"floor", {"int 7"}, "7"},
      {"round", {"numeric(9,2) 2.50"}, "3"},
      {"round", {"numeric(9,2) -2.50"}, "-3"},
      {"round", {"double 2.5"}, "2"},
      {"round", {"double -1.5"}, "-2"},
      {"trunc", {"numeric(9,2) -1.59"}, "-1"},
      {"trunc", {"double -1.59"}, "-1"},
      {"sign", {"numeric(9,2) -1.59"}, "-1"},
      {"sign", {"double 0"}, "0"},
      {"sign", {"int 3"}, "1"},
      {"scale", {"numeric(9,2) 1.50"}, "2"},
      {"min_scale", {"numeric(9,2) 1.50"}, "1"},
      {"min_scale", {"numeric(9,2) 0.00"}, "0"},
      {"round", {"numeric(9,2) NULL", "int 2"}, "NULL"},
      {"round", {"numeric(9,2) 1.25", "int 2"}, "1.25"},
  });
  // Digits that differ by row do not change the type.
  EXPECT_EQ(result_type("round", {"numeric(9,4)", "int"}), "numeric(10,4)");
  EXPECT_EQ(result_type("ceil", {"numeric(9,4)"}), "numeric(6,0)");
}

// The number of digits is a literal here: it fixes the scale of the result.
TEST(Rounding, DigitsBeyondTheScale) {
  const auto rounded = [](const char* value, int digits, const char* name = "round") {
    const Value number = value_of(value);
    const Value places = Value::integer(digits);
    const LogicalType types[] = {number.type(), places.type()};
    const Value* const constants[] = {nullptr, &places};
    const auto resolved = resolve_function(name, types, constants);
    EXPECT_TRUE(resolved.has_value());
    const Vector column = Vector::constant(number);
    const Vector second = Vector::constant(places);
    const Vector* const arguments[] = {&column, &second};
    Vector out;
    out.reset(resolved->bound.result, 1);
    RowErrors errors;
    resolved->bound.kernel(KernelCall{arguments, 1, out, errors, resolved->bound.state.get()});
    return errors.empty() ? out.value(0).to_string() : errors.marks().front().reason;
  };
  EXPECT_EQ(rounded("numeric(9,4) 1.2345", 3), "1.235");
  EXPECT_EQ(rounded("numeric(9,4) -1.2345", 3), "-1.235");
  EXPECT_EQ(rounded("numeric(9,2) 9999999.99", 1), "10000000.0");
  EXPECT_EQ(rounded("numeric(38,16) 99.9999999999999999", 6), "100.000000");
  EXPECT_EQ(rounded("numeric(38,16) 2.0000005000000000", 6), "2.000001");
  EXPECT_EQ(rounded("numeric(9,2) -1.59", 1, "trunc"), "-1.5");
  EXPECT_EQ(rounded("numeric(9,2) -1599.59", -2, "trunc"), "-1500");
  EXPECT_EQ(rounded("numeric(9,2) 1.50", 4), "1.5000");
  EXPECT_EQ(rounded("numeric(9,2) 1.55", 1), "1.6");
  EXPECT_EQ(rounded("numeric(9,2) 1250.00", -2), "1300");
  EXPECT_EQ(rounded("numeric(9,2) -1250.00", -2), "-1300");
  EXPECT_EQ(rounded("numeric(9,2) 1250.00", -40), "0");
  EXPECT_EQ(rounded("numeric(38,0) 99999999999999999999999999999999999999", -1),
            "value overflows numeric format");
}

TEST(WidthBucket, AsPostgres) {
  expect_all({
      {"width_bucket", {"numeric(9,2) 5.35", "numeric(9,3) 0.024", "numeric(9,2) 10.06", "int 5"}, "3"},
      {"width_bucket", {"numeric(9,2) 10.06", "numeric(9,3) 0.024", "numeric(9,2) 10.06", "int 5"}, "6"},
      {"width_bucket", {"numeric(9,3) 0.024", "numeric(9,3) 0.024", "numeric(9,2) 10.06", "int 5"}, "1"},
      {"width_bucket", {"numeric(9,3) 0.023", "numeric(9,3) 0.024", "numeric(9,2) 10.06", "int 5"}, "0"},
      {"width_bucket", {"numeric(9,2) 5.35", "numeric(9,2) 10.06", "numeric(9,3) 0.024", "int 5"}, "3"},
      {"width_bucket", {"numeric(9,2) 10.06", "numeric(9,2) 10.06", "numeric(9,3) 0.024", "int 5"}, "1"},
      {"width_bucket", {"numeric(9,3) 0.024", "numeric(9,2) 10.06", "numeric(9,3) 0.024", "int 5"}, "6"},
      {"width_bucket", {"numeric(9,2) 10.07", "numeric(9,2) 10.06", "numeric(9,3) 0.024", "int 5"}, "0"},
      {"width_bucket", {"numeric(9,0) 3", "numeric(9,0) 0", "numeric(9,0) 9", "int 3"}, "2"},
      {"width_bucket", {"numeric(9,0) 6", "numeric(9,0) 9", "numeric(9,0) 0", "int 3"}, "2"},
      {"width_bucket",
       {"numeric(12,9) -73.956528000", "numeric(8,6) -74.916578", "numeric(8,6) -73.120778", "int 300"},
       "161"},
      {"width_bucket",
       {"numeric(12,9) 40.716976000", "numeric(11,9) 41.477182778", "numeric(11,9) 40.129715978", "int 300"},
       "170"},
      {"width_bucket",
       {"numeric(38,10) 5.0", "numeric(38,10) -9000000000000000000000000000",
        "numeric(38,0) 9000000000000000000000000000", "int 2147483646"},
       "1073741824"},
      {"width_bucket",
       {"numeric(9,2) 5", "numeric(9,2) 1", "numeric(9,2) 1", "int 5"},
       "error: lower bound cannot equal upper bound"},
      {"width_bucket",
       {"numeric(9,2) 5", "numeric(9,2) 1", "numeric(9,2) 2", "int 0"},
       "error: count must be greater than zero"},
      {"width_bucket",
       {"numeric(9,2) 5", "numeric(9,2) 1", "numeric(9,2) 2", "int 2147483647"},
       "error: integer out of range"},
      {"width_bucket", {"numeric(9,2) NULL", "numeric(9,2) 1", "numeric(9,2) 2", "int 3"}, "NULL"},
      {"width_bucket", {"double 5.35", "double 0.024", "double 10.06", "int 5"}, "3"},
      {"width_bucket", {"double 0.024", "double 10.06", "double 0.024", "int 5"}, "6"},
      {"width_bucket", {"double 10.06", "double 10.06", "double 0.024", "int 5"}, "1"},
      {"width_bucket", {"double Infinity", "double 1", "double 10", "int 5"}, "6"},
      {"width_bucket", {"double -Infinity", "double 1", "double 10", "int 5"}, "0"},
      {"width_bucket",
       {"double NaN", "double 1", "double 10", "int 5"},
       "error: operand, lower bound, and upper bound cannot be NaN"},
      {"width_bucket",
       {"double 1", "double 1", "double Infinity", "int 5"},
       "error: lower and upper bounds must be finite"},
      {"width_bucket", {"double 0", "double -1e308", "double 1e308", "int 4"}, "3"},
      {"width_bucket", {"double 0.9999999999999999", "double 0", "double 1", "int 10"}, "10"},
  });
  EXPECT_EQ(result_type("width_bucket", {"int", "int", "int", "int"}), "integer");
}

// Literal bounds take a prepared path; it must agree with the exact one around every border.
TEST(WidthBucket, PreparedPathIsExactOnBorders) {
  struct Bounds {
    const char* low;
    const char* high;
    int count;
  };
  const Bounds all[] = {{"numeric(8,6) -74.916578", "numeric(8,6) -73.120778", 300},
                        {"numeric(11,9) 41.477182778", "numeric(11,9) 40.129715978", 600},
                        {"numeric(3,0) 0", "numeric(3,0) 7", 3},
                        {"numeric(18,9) -999999999.999999999", "numeric(18,9) 999999999.999999999", 2}};
  for (const Bounds& bounds : all) {
    const Value low = value_of(bounds.low);
    const Value high = value_of(bounds.high);
    const Value count = Value::integer(bounds.count);
    const LogicalType operand_type = LogicalType::numeric(18, 9);
    const auto scaled = [](const Value& value) {
      std::int64_t unscaled = value.bigint();
      for (int s = value.type().scale; s < 9; ++s) unscaled *= 10;
      return unscaled;
    };
    const std::int64_t from = scaled(low);
    const auto range = static_cast<double>(scaled(high)) - static_cast<double>(from);
    std::vector<std::int64_t> operands;
    for (int k = -1; k <= bounds.count + 1; ++k) {
      const auto border = static_cast<std::int64_t>(static_cast<double>(from) + range * k / bounds.count);
      for (std::int64_t near = -3; near <= 3; ++near) operands.push_back(border + near);
    }
    const auto column = Vector::over(operand_type, operands.data(), nullptr);
    const Vector lows = Vector::constant(low);
    const Vector highs = Vector::constant(high);
    const Vector counts = Vector::constant(count);
    const Vector* const arguments[] = {&column, &lows, &highs, &counts};
    const LogicalType types[] = {operand_type, low.type(), high.type(), count.type()};
    const Value* const literals[] = {nullptr, &low, &high, &count};
    const Value* const unknown[] = {nullptr, nullptr, nullptr, nullptr};
    const auto fast = resolve_function("width_bucket", types, literals);
    const auto exact = resolve_function("width_bucket", types, unknown);
    ASSERT_TRUE(fast && exact);
    ASSERT_NE(fast->bound.kernel, exact->bound.kernel);
    Vector fast_out;
    Vector exact_out;
    fast_out.reset(fast->bound.result, operands.size());
    exact_out.reset(exact->bound.result, operands.size());
    RowErrors errors;
    fast->bound.kernel(KernelCall{arguments, operands.size(), fast_out, errors, fast->bound.state.get()});
    exact->bound.kernel(KernelCall{arguments, operands.size(), exact_out, errors, exact->bound.state.get()});
    ASSERT_TRUE(errors.empty());
    for (std::size_t i = 0; i < operands.size(); ++i) {
      ASSERT_EQ(fast_out.at<std::int64_t>(i), exact_out.at<std::int64_t>(i))
          << bounds.low << " at " << operands[i];
    }
  }
}

TEST(Conditional, GreatestLeastNullif) {
  expect_all({
      {"greatest", {"int 1", "int NULL", "int 3"}, "3"},
      {"greatest", {"int NULL", "int NULL"}, "NULL"},
      {"least", {"double NaN", "double 5"}, "5"},
      {"greatest", {"double NaN", "double 5"}, "NaN"},
      {"greatest", {"text abcdefghijklmnop", "text b"}, "b"},
      {"least", {"text abcdefghijklmnop", "text b"}, "abcdefghijklmnop"},
      {"greatest", {"timestamp 2013-01-01 00:00:00", "timestamp NULL"}, "2013-01-01 00:00:00"},
      {"nullif", {"int 1", "int 1"}, "NULL"},
      {"nullif", {"int 1", "int NULL"}, "1"},
      {"nullif", {"text a", "unknown b"}, "a"},
      {"nullif", {"double NaN", "double NaN"}, "NULL"},
      {"num_nulls", {"int 1", "text NULL", "double NULL"}, "2"},
      {"num_nonnulls", {"int 1", "text NULL", "double NULL"}, "1"},
  });
  EXPECT_EQ(result_type("greatest", {"numeric(9,2)", "numeric(9,4)"}), "numeric(11,4)");
  EXPECT_EQ(result_type("greatest", {"int", "text"}), "error: types integer and text cannot be matched");
}

}  // namespace
}  // namespace dart::columnar
