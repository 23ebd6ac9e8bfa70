#include <gtest/gtest.h>

#include "unit/columnar/function_tester.hpp"

namespace dart::columnar {
namespace {

TEST(Operators, IntegerArithmetic) {
  expect_all({
      {"+", {"int 2", "int 3"}, "5"},
      {"+", {"int 2147483647", "int 1"}, "error: integer out of range"},
      {"+", {"int -2147483648", "int -1"}, "error: integer out of range"},
      {"+", {"int 2147483647", "bigint 1"}, "2147483648"},
      {"+", {"bigint 9223372036854775807", "int 1"}, "error: bigint out of range"},
      {"-", {"bigint -9223372036854775808", "bigint 1"}, "error: bigint out of range"},
      {"-", {"int -2147483648", "int 1"}, "error: integer out of range"},
      {"-", {"int 5", "int 7"}, "-2"},
      {"*", {"int 65536", "int 65536"}, "error: integer out of range"},
      {"*", {"int 46341", "int -46341"}, "error: integer out of range"},
      {"*", {"bigint 4294967296", "bigint 4294967296"}, "error: bigint out of range"},
      {"*", {"bigint 4294967296", "int 3"}, "12884901888"},
      {"/", {"int 7", "int 2"}, "3"},
      {"/", {"int -7", "int 2"}, "-3"},
      {"/", {"int 7", "int 0"}, "error: division by zero"},
      {"/", {"int -2147483648", "int -1"}, "error: integer out of range"},
      {"/", {"bigint -9223372036854775808", "bigint -1"}, "error: bigint out of range"},
      {"%", {"int -7", "int 3"}, "-1"},
      {"%", {"bigint -9223372036854775808", "bigint -1"}, "0"},
      {"%", {"int 1", "int 0"}, "error: division by zero"},
      {"mod", {"int 7", "bigint 4"}, "3"},
      {"-", {"int 5"}, "-5"},
      {"-", {"int -2147483648"}, "error: integer out of range"},
      {"-", {"bigint -9223372036854775808"}, "error: bigint out of range"},
      {"+", {"int 5"}, "5"},
      {"+", {"int NULL", "int 5"}, "NULL"},
      {"/", {"int NULL", "int 0"}, "NULL"},
      {"&", {"int 91", "int 15"}, "11"},
      {"|", {"int 32", "int 3"}, "35"},
      {"#", {"int 17", "int 5"}, "20"},
      {"~", {"int 1"}, "-2"},
      {"<<", {"int 1", "int 4"}, "16"},
      {"<<", {"int 1", "int 31"}, "-2147483648"},
      {"<<", {"bigint 1", "int 40"}, "1099511627776"},
      {">>", {"int -8", "int 2"}, "-2"},
  });
}

TEST(Operators, DoubleArithmetic) {
  expect_all({
      {"+", {"double 0.1", "double 0.2"}, "0.30000000000000004"},
      {"+", {"double 1e308", "double 1e308"}, "error: value out of range: overflow"},
      {"+", {"double Infinity", "double 1"}, "Infinity"},
      {"-", {"double Infinity", "double Infinity"}, "NaN"},
      {"*", {"double 1e200", "double 1e200"}, "error: value out of range: overflow"},
      {"*", {"double 1e-200", "double 1e-200"}, "error: value out of range: underflow"},
      {"*", {"double 0", "double 5"}, "0"},
      {"*", {"int 2", "double 1.5"}, "3"},
      {"/", {"double 1", "double 0"}, "error: division by zero"},
      {"/", {"double NaN", "double 0"}, "NaN"},
      {"/", {"double 1", "double 3"}, "0.3333333333333333"},
      {"/", {"double 1", "double Infinity"}, "0"},
      {"-", {"double 2.5"}, "-2.5"},
      {"+", {"numeric(3,1) 1.5", "double 1"}, "2.5"},
  });
}

TEST(Operators, NumericArithmetic) {
  expect_all({
      {"+", {"numeric(9,2) 1.50", "numeric(9,2) 2.25"}, "3.75"},
      {"+", {"numeric(9,2) 1.50", "numeric(5,3) 0.125"}, "1.625"},
      {"+", {"numeric(9,2) 9999999.99", "numeric(9,2) 9999999.99"}, "19999999.98"},
      {"+", {"numeric(18,0) 999999999999999999", "numeric(18,0) 999999999999999999"}, "1999999999999999998"},
      {"+",
       {"numeric(38,0) 99999999999999999999999999999999999999", "numeric(38,0) 1"},
       "error: value overflows numeric format"},
      {"-", {"numeric(9,2) 1.50", "int 2"}, "-0.50"},
      {"-", {"numeric(9,2) 1.50", "bigint 2"}, "-0.50"},
      {"*", {"numeric(9,2) 1.50", "numeric(9,2) -2.50"}, "-3.7500"},
      {"*",
       {"numeric(18,9) 123456789.123456789", "numeric(18,9) 987654321.987654321"},
       "121932631356500531.347203169112635269"},
      {"*",
       {"numeric(38,0) 99999999999999999999999999999999999999", "numeric(38,0) 2"},
       "error: value overflows numeric format"},
      {"/", {"numeric(3,1) 1.0", "numeric(3,1) 3.0"}, "0.3333333333333333"},
      {"/", {"numeric(3,1) 2.0", "numeric(3,1) 3.0"}, "0.6666666666666667"},
      {"/", {"numeric(3,1) -2.0", "numeric(3,1) 3.0"}, "-0.6666666666666667"},
      {"/", {"numeric(3,1) 1.0", "int 0"}, "error: division by zero"},
      {"/", {"numeric(9,2) 10.00", "bigint 4"}, "2.5000000000000000"},
      {"%", {"numeric(3,1) -7.5", "numeric(3,1) 2.0"}, "-1.5"},
      {"%", {"numeric(9,2) 7.25", "int 2"}, "1.25"},
      {"%", {"numeric(9,2) 7.25", "int 0"}, "error: division by zero"},
      {"-", {"numeric(9,2) 1.50"}, "-1.50"},
  });
  EXPECT_EQ(result_type("+", {"numeric(9,2)", "numeric(9,2)"}), "numeric(10,2)");
  EXPECT_EQ(result_type("*", {"numeric(9,2)", "numeric(9,4)"}), "numeric(18,6)");
  EXPECT_EQ(result_type("/", {"numeric(9,2)", "numeric(9,4)"}), "numeric(38,16)");
  EXPECT_EQ(result_type("/", {"numeric(38,20)", "bigint"}), "numeric(38,20)");
  EXPECT_EQ(result_type("*", {"numeric(38,16)", "bigint"}), "numeric(38,16)");
  EXPECT_EQ(result_type("+", {"numeric(38,16)", "numeric(9,2)"}), "numeric(38,16)");
  EXPECT_EQ(result_type("+", {"numeric(9,2)", "double precision"}), "double precision");
}

TEST(Operators, TimesAndIntervals) {
  expect_all({
      {"+", {"timestamp 2013-01-01 00:00:00", "interval 1 day 02:00:00"}, "2013-01-02 02:00:00"},
      {"+", {"interval 1 s", "timestamp 2013-01-01 00:00:00"}, "2013-01-01 00:00:01"},
      {"-", {"timestamp 2013-01-01 00:00:00", "interval 1 s"}, "2012-12-31 23:59:59"},
      {"-", {"timestamp 2013-01-02 01:00:00", "timestamp 2013-01-01 00:00:00"}, "1 day 01:00:00"},
      {"-", {"timestamp 2013-01-01 00:00:00", "timestamp 2013-01-02 01:00:00"}, "-1 days -01:00:00"},
      {"-", {"timestamp 2013-01-02 00:00:00", "unknown 2013-01-01"}, "1 day"},
      {"+", {"timestamp 2013-01-02 00:00:00", "unknown 1 hour"}, "2013-01-02 01:00:00"},
      {"+", {"timestamp infinity", "interval 1 s"}, "infinity"},
      {"-",
       {"timestamp infinity", "timestamp 2013-01-01 00:00:00"},
       "error: cannot subtract infinite timestamps"},
      {"+", {"timestamp 290000-01-01 00:00:00", "interval 10000000 days"}, "error: timestamp out of range"},
      {"*", {"interval 00:10:00", "double 1.5"}, "00:15:00"},
      {"*", {"int 3", "interval 00:10:00"}, "00:30:00"},
      {"/", {"interval 01:00:00", "int 4"}, "00:15:00"},
      {"/", {"interval 01:00:00", "double 0"}, "error: division by zero"},
      {"-", {"interval 01:00:00"}, "-01:00:00"},
      {"-", {"interval 01:00:00", "interval 02:30:00"}, "-01:30:00"},
  });
  EXPECT_EQ(result_type("+", {"timestamptz", "interval"}), "timestamptz");
}

TEST(Operators, Comparisons) {
  expect_all({
      {"=", {"int 1", "bigint 1"}, "t"},
      {"<", {"int -1", "int 1"}, "t"},
      {">=", {"bigint 5", "bigint 5"}, "t"},
      {"<>", {"bool true", "bool false"}, "t"},
      {"=", {"double NaN", "double NaN"}, "t"},
      {">", {"double NaN", "double Infinity"}, "t"},
      {"<", {"double NaN", "double Infinity"}, "f"},
      {"<=", {"double NaN", "double 1"}, "f"},
      {">=", {"double NaN", "double NaN"}, "t"},
      {"<>", {"double NaN", "double 1"}, "t"},
      {"=", {"double 0", "double -0"}, "t"},
      {"=", {"numeric(9,2) 1.50", "numeric(9,3) 1.500"}, "t"},
      {"<", {"numeric(9,2) 1.50", "numeric(9,3) 1.501"}, "t"},
      {">", {"numeric(9,3) 1.501", "numeric(9,2) 1.50"}, "t"},
      {">=", {"numeric(9,2) 0.00", "int 0"}, "t"},
      {"<", {"numeric(38,0) -99999999999999999999999999999999999999", "numeric(38,38) 0.1"}, "t"},
      {"<", {"numeric(38,38) 0.1", "numeric(38,0) 99999999999999999999999999999999999999"}, "t"},
      {"=", {"numeric(20,2) 7.00", "bigint 7"}, "t"},
      {"<>", {"text abc", "text "}, "t"},
      {"=", {"text abc", "unknown abc"}, "t"},
      {"=", {"text abcdefghijklmnop", "text abcdefghijklmnop"}, "t"},
      {"<>", {"text abcdefghijklmnop", "text abcdefghijklmnoq"}, "t"},
      {"<", {"text abc", "text abd"}, "t"},
      {">", {"text b", "text abcdefghijklmnop"}, "t"},
      {"<", {"timestamp 2013-01-01 00:00:00", "unknown 2013-01-01 00:00:01"}, "t"},
      {">", {"interval 1 day", "interval 23:59:59"}, "t"},
      {"=", {"int 1", "int NULL"}, "NULL"},
      {"=", {"int 1", "unknown 1"}, "t"},
      {"=", {"numeric(9,2) 1.50", "unknown 1.5"}, "t"},
      {"=", {"int 1", "unknown x"}, "error: invalid input syntax for type integer: \"x\""},
      {"=", {"int 1", "bool true"}, "error: operator does not exist: integer = boolean"},
  });
}

TEST(Operators, NullTests) {
  expect_all({
      {"is null", {"int NULL"}, "t"},
      {"is null", {"int 1"}, "f"},
      {"is not null", {"text a"}, "t"},
      {"is true", {"bool NULL"}, "f"},
      {"is not true", {"bool NULL"}, "t"},
      {"is true", {"bool true"}, "t"},
      {"is false", {"bool false"}, "t"},
      {"is not false", {"bool false"}, "f"},
      {"is unknown", {"bool NULL"}, "t"},
      {"is not unknown", {"bool true"}, "t"},
      {"not", {"bool true"}, "f"},
      {"not", {"bool NULL"}, "NULL"},
      {"is distinct from", {"int 1", "int NULL"}, "t"},
      {"is distinct from", {"int NULL", "int NULL"}, "f"},
      {"is distinct from", {"double NaN", "double NaN"}, "f"},
      {"is not distinct from", {"text a", "text a"}, "t"},
      {"is distinct from", {"numeric(9,2) 1.00", "int 1"}, "f"},
  });
}

TEST(Operators, MissingOnesAreNamed) {
  const std::vector<LogicalType> text_and_int = {LogicalType::of(TypeId::Text), LogicalType::of(TypeId::Int)};
  const std::vector<const Value*> none(2, nullptr);
  const auto missing = resolve_function("*", text_and_int, none);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().message, "operator does not exist: text * integer");
  const auto misspelt = resolve_function("concat_sw", text_and_int, none);
  ASSERT_FALSE(misspelt.has_value());
  EXPECT_EQ(misspelt.error().message, "function does not exist: concat_sw(text, integer)");
  EXPECT_EQ(misspelt.error().hint, "did you mean concat_ws?");
  EXPECT_TRUE(is_scalar_function("mod"));
  EXPECT_FALSE(is_scalar_function("concat_sw"));
}

}  // namespace
}  // namespace dart::columnar
