#include <gtest/gtest.h>

#include "unit/columnar/function_tester.hpp"

namespace dart::columnar {
namespace {

struct CastCase {
  std::string value;
  std::string to;
  std::string expected;
};

std::string cast(const std::string& value, const std::string& to) {
  const auto result = cast_value(value_of(value), type_named(to));
  return result ? result->to_string() : "error: " + result.error().message;
}

TEST(Casts, ValuesAsPostgresGivesThem) {
  const CastCase cases[] = {
      {"numeric(9,2) 1.50", "int", "2"},
      {"numeric(9,2) -1.50", "int", "-2"},
      {"numeric(9,2) 2.50", "bigint", "3"},
      {"numeric(20,0) 3000000000", "int", "error: integer out of range"},
      {"numeric(38,0) 9223372036854775808", "bigint", "error: bigint out of range"},
      {"double 1.5", "int", "2"},
      {"double 2.5", "int", "2"},
      {"double -2.5", "bigint", "-2"},
      {"double NaN", "int", "error: integer out of range"},
      {"double 9.3e18", "bigint", "error: bigint out of range"},
      {"double 2147483647.4", "int", "2147483647"},
      {"double 2147483647.5", "int", "error: integer out of range"},
      {"double 0.1", "numeric(38,16)", "0.1000000000000000"},
      {"double 123.455", "numeric(9,2)", "123.46"},
      {"double 1e20", "numeric(9,2)", "error: numeric field overflow"},
      {"bigint 2147483648", "int", "error: integer out of range"},
      {"bigint 5", "int", "5"},
      {"int 5", "bigint", "5"},
      {"int 5", "double", "5"},
      {"int 5", "numeric(9,2)", "5.00"},
      {"int 5", "numeric(20,2)", "5.00"},
      {"int 12345678", "numeric(9,2)", "error: numeric field overflow"},
      {"numeric(9,2) 12.35", "numeric(9,1)", "12.4"},
      {"numeric(9,2) -12.35", "numeric(9,1)", "-12.4"},
      {"numeric(9,2) 12.35", "numeric(12,4)", "12.3500"},
      {"numeric(9,2) 12.35", "numeric(38,20)", "12.35000000000000000000"},
      {"numeric(9,2) 12.35", "numeric(3,2)", "error: numeric field overflow"},
      {"numeric(9,2) 12.35", "double", "12.35"},
      {"numeric(38,16) 1234567890123456789.1234567890123456", "double", "1.2345678901234568e+18"},
      {"bool true", "int", "1"},
      {"bool true", "text", "true"},
      {"int 0", "bool", "f"},
      {"int 7", "bool", "t"},
      {"bigint 7", "bool", "error: cannot cast type bigint to boolean"},
      {"text 12", "int", "12"},
      {"text x", "int", "error: invalid input syntax for type integer: \"x\""},
      {"text 3000000000", "int", "error: value \"3000000000\" is out of range for type integer"},
      {"text 1e2", "numeric(9,2)", "100.00"},
      {"text 2013-01-01", "timestamp", "2013-01-01 00:00:00"},
      {"text 2013-01-01 10:00:00+02", "timestamptz", "2013-01-01 08:00:00+00"},
      {"timestamp 2013-01-01 00:00:00", "timestamptz", "2013-01-01 00:00:00+00"},
      {"timestamptz 2013-01-01 00:00:00+01", "timestamp", "2012-12-31 23:00:00"},
      {"timestamp 2013-01-01 00:00:00", "text", "2013-01-01 00:00:00"},
      {"interval 90 min", "text", "01:30:00"},
      {"numeric(9,2) 1.5", "text", "1.50"},
      {"double 1e15", "text", "1e+15"},
      {"text 1 month", "interval", "error: months and years in an interval are not supported: \"1 month\""},
      {"unknown 5", "bigint", "5"},
      {"int NULL", "text", "NULL"},
      {"int 5", "timestamp", "error: cannot cast type integer to timestamp"},
  };
  for (const CastCase& c : cases) EXPECT_EQ(cast(c.value, c.to), c.expected) << c.value << " as " << c.to;
}

// Every cast again by its kernel over a column, which must say the same as over one value.
TEST(Casts, ColumnsAgreeWithValues) {
  const char* values[] = {"int 5",
                          "bigint -7",
                          "double 2.5",
                          "numeric(9,2) -1.50",
                          "numeric(30,2) 12.35",
                          "bool true",
                          "text 17",
                          "text x",
                          "timestamp 2013-01-01 00:00:00",
                          "interval 1 day 00:00:05",
                          "unknown 3",
                          "text a longer text than twelve bytes"};
  const char* types[] = {"int",  "bigint", "double",    "numeric(9,1)", "numeric(30,3)",
                         "bool", "text",   "timestamp", "timestamptz",  "interval"};
  for (const char* written : values) {
    for (const char* name : types) {
      const Value value = value_of(written);
      const LogicalType to = type_named(name);
      const auto bound = bind_cast(value.type(), to, CastKind::Explicit);
      const auto single = cast_value(value, to);
      if (!bound) {
        EXPECT_FALSE(single.has_value()) << written << " as " << name;
        continue;
      }
      Vector column;
      column.reset(value.type(), 3);
      column.set_value(0, value);
      column.set_value(1, Value::null(value.type()));
      column.set_value(2, value);
      const Vector* const arguments[] = {&column};
      Vector out;
      out.reset(to, 3);
      out.merge_nulls(column, 3);
      RowErrors errors;
      bound->kernel(KernelCall{arguments, 3, out, errors, bound->state.get()});
      EXPECT_TRUE(out.is_null(1));
      EXPECT_EQ(errors.marks().size(), single ? 0U : 2U) << written << " as " << name;
      if (single) {
        EXPECT_EQ(out.value(0), *single) << written << " as " << name;
        EXPECT_EQ(out.value(2), *single) << written << " as " << name;
      }
    }
  }
}

TEST(Casts, ContextDecides) {
  const auto allowed = [](const char* from, const char* to, CastKind kind) {
    return bind_cast(type_named(from), type_named(to), kind).has_value();
  };
  EXPECT_TRUE(allowed("int", "bigint", CastKind::Implicit));
  EXPECT_TRUE(allowed("bigint", "numeric(38,16)", CastKind::Implicit));
  EXPECT_TRUE(allowed("numeric(9,2)", "double", CastKind::Implicit));
  EXPECT_TRUE(allowed("timestamp", "timestamptz", CastKind::Implicit));
  EXPECT_FALSE(allowed("bigint", "int", CastKind::Implicit));
  EXPECT_TRUE(allowed("bigint", "int", CastKind::Assignment));
  EXPECT_FALSE(allowed("double", "numeric(9,2)", CastKind::Implicit));
  EXPECT_TRUE(allowed("double", "numeric(9,2)", CastKind::Assignment));
  EXPECT_FALSE(allowed("int", "text", CastKind::Implicit));
  EXPECT_TRUE(allowed("int", "text", CastKind::Assignment));
  EXPECT_FALSE(allowed("text", "int", CastKind::Assignment));
  EXPECT_TRUE(allowed("text", "int", CastKind::Explicit));
  EXPECT_FALSE(allowed("int", "bool", CastKind::Assignment));
  EXPECT_TRUE(allowed("unknown", "jsonb", CastKind::Implicit));
  EXPECT_FALSE(allowed("bool", "double", CastKind::Explicit));
}

TEST(Casts, CommonTypes) {
  const auto common = [](const std::vector<std::string>& names) {
    std::vector<LogicalType> types;
    for (const std::string& name : names) types.push_back(type_named(name));
    const auto type = common_type(types);
    return type ? to_string(*type) : "error: " + type.error().message;
  };
  EXPECT_EQ(common({"int", "bigint"}), "bigint");
  EXPECT_EQ(common({"int", "double", "numeric(9,2)"}), "double precision");
  EXPECT_EQ(common({"numeric(9,2)", "numeric(5,4)"}), "numeric(11,4)");
  EXPECT_EQ(common({"numeric(9,2)", "int"}), "numeric(12,2)");
  EXPECT_EQ(common({"numeric(38,16)", "bigint"}), "numeric(38,16)");
  EXPECT_EQ(common({"unknown", "timestamp"}), "timestamp");
  EXPECT_EQ(common({"timestamp", "timestamptz"}), "timestamptz");
  EXPECT_EQ(common({"unknown", "unknown"}), "text");
  EXPECT_EQ(common({"int", "text"}), "error: types integer and text cannot be matched");
}

}  // namespace
}  // namespace dart::columnar
