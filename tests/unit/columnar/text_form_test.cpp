#include "columnar/text_form.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "columnar/civil.hpp"
#include "columnar/decimal.hpp"

namespace dart::columnar {
namespace {

std::string timestamp_text(std::int64_t us) {
  std::string out;
  append_timestamp(us, out);
  return out;
}

std::string interval_text(std::int64_t us) {
  std::string out;
  append_interval(us, out);
  return out;
}

std::string double_text(double value) {
  std::string out;
  append_double(value, out);
  return out;
}

std::string decimal_text(int128 unscaled, int scale) {
  std::string out;
  append_decimal(unscaled, scale, out);
  return out;
}

TEST(Civil, DatesAndDaysAreInverse) {
  for (std::int64_t days = -800'000; days <= 3'000'000; days += 97) {
    const CivilDate date = civil_from_days(days);
    ASSERT_EQ(days_from_civil(date.year, date.month, date.day), days);
    ASSERT_LE(date.day, days_in_month(date.year, date.month));
  }
  EXPECT_EQ(day_of_week(0), 4);
  EXPECT_EQ(day_of_week(-5), 6);
}

TEST(TextForm, Integers) {
  struct Case {
    const char* text;
    ParseOutcome outcome;
    std::int64_t value;
  };
  const Case cases[] = {
      {"0", ParseOutcome::Ok, 0},
      {" -42 ", ParseOutcome::Ok, -42},
      {"+7", ParseOutcome::Ok, 7},
      {"9223372036854775807", ParseOutcome::Ok, INT64_MAX},
      {"-9223372036854775808", ParseOutcome::Ok, INT64_MIN},
      {"9223372036854775808", ParseOutcome::Range, 0},
      {"", ParseOutcome::Syntax, 0},
      {"1.0", ParseOutcome::Syntax, 0},
      {"+-1", ParseOutcome::Syntax, 0},
      {"12a", ParseOutcome::Syntax, 0},
      {"1 2", ParseOutcome::Syntax, 0},
  };
  for (const Case& c : cases) {
    std::int64_t value = 0;
    ASSERT_EQ(scan_bigint(c.text, value), c.outcome) << c.text;
    if (c.outcome == ParseOutcome::Ok) {
      EXPECT_EQ(value, c.value) << c.text;
    }
  }
}

TEST(TextForm, DoublesPrintAsPostgresDoes) {
  EXPECT_EQ(double_text(0), "0");
  EXPECT_EQ(double_text(-0.0), "-0");
  EXPECT_EQ(double_text(0.1), "0.1");
  EXPECT_EQ(double_text(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(double_text(0.0001), "0.0001");
  EXPECT_EQ(double_text(0.00001), "1e-05");
  EXPECT_EQ(double_text(123456789012345), "123456789012345");
  EXPECT_EQ(double_text(1e15), "1e+15");
  EXPECT_EQ(double_text(1234567890123456), "1.234567890123456e+15");
  EXPECT_EQ(double_text(1e20), "1e+20");
  EXPECT_EQ(double_text(-2.5e300), "-2.5e+300");
  EXPECT_EQ(double_text(5e-324), "5e-324");
  EXPECT_EQ(double_text(std::nan("")), "NaN");
  EXPECT_EQ(double_text(-INFINITY), "-Infinity");
}

TEST(TextForm, DoublesAreRead) {
  double value = 0;
  EXPECT_TRUE(parse_double(" 1e3 ", value) && value == 1000);
  EXPECT_TRUE(parse_double("+.5", value) && value == 0.5);
  EXPECT_TRUE(parse_double("5.", value) && value == 5);
  EXPECT_TRUE(parse_double("-infinity", value) && value == -INFINITY);
  EXPECT_TRUE(parse_double("Inf", value) && value == INFINITY);
  EXPECT_TRUE(parse_double("nan", value) && std::isnan(value));
  EXPECT_EQ(scan_double("1e400", value), ParseOutcome::Range);
  for (const char* bad : {"", ".", "abc", "1.5x", "nan(1)", "+-1", "0x10", "1 2"}) {
    EXPECT_EQ(scan_double(bad, value), ParseOutcome::Syntax) << bad;
  }
}

TEST(TextForm, Decimals) {
  struct Case {
    const char* text;
    int precision;
    int scale;
    ParseOutcome outcome;
    const char* printed;
  };
  const Case cases[] = {
      {"12.34", 9, 2, ParseOutcome::Ok, "12.34"},
      {"-12.345", 9, 2, ParseOutcome::Ok, "-12.35"},
      {"12.344999", 9, 2, ParseOutcome::Ok, "12.34"},
      {"-73.956528", 12, 9, ParseOutcome::Ok, "-73.956528000"},
      {".5", 9, 2, ParseOutcome::Ok, "0.50"},
      {"5.", 9, 2, ParseOutcome::Ok, "5.00"},
      {" +7 ", 9, 0, ParseOutcome::Ok, "7"},
      {"0.5", 9, 0, ParseOutcome::Ok, "1"},
      {"-0.5", 9, 0, ParseOutcome::Ok, "-1"},
      {"0.49", 9, 0, ParseOutcome::Ok, "0"},
      {"1e3", 9, 2, ParseOutcome::Ok, "1000.00"},
      {"1.5E-2", 9, 3, ParseOutcome::Ok, "0.015"},
      {"1e-1000000000000", 9, 3, ParseOutcome::Ok, "0.000"},
      {"0e1000000000000", 9, 3, ParseOutcome::Ok, "0.000"},
      {"1e1000000000000", 9, 3, ParseOutcome::Range, ""},
      {"9999999.994", 9, 2, ParseOutcome::Ok, "9999999.99"},
      {"9999999.995", 9, 2, ParseOutcome::Range, ""},
      {"10000000", 9, 2, ParseOutcome::Range, ""},
      {"123456789012345678901234567890.12345678", 38, 8, ParseOutcome::Ok,
       "123456789012345678901234567890.12345678"},
      {"99999999999999999999999999999999999999", 38, 0, ParseOutcome::Ok,
       "99999999999999999999999999999999999999"},
      {"100000000000000000000000000000000000000", 38, 0, ParseOutcome::Range, ""},
      {"999999999999999999", 38, 20, ParseOutcome::Ok, "999999999999999999.00000000000000000000"},
      {"999999999999999999", 38, 21, ParseOutcome::Range, ""},
      {"000000000000000000000000000000000000000000000001.5", 9, 2, ParseOutcome::Ok, "1.50"},
      {"0.00000000000000000000000000000000000000000000005", 9, 2, ParseOutcome::Ok, "0.00"},
      {"", 9, 2, ParseOutcome::Syntax, ""},
      {".", 9, 2, ParseOutcome::Syntax, ""},
      {"-", 9, 2, ParseOutcome::Syntax, ""},
      {"1e", 9, 2, ParseOutcome::Syntax, ""},
      {"1.2.3", 9, 2, ParseOutcome::Syntax, ""},
      {"1,5", 9, 2, ParseOutcome::Syntax, ""},
      {"NaN", 9, 2, ParseOutcome::Syntax, ""},
  };
  for (const Case& c : cases) {
    int128 value = 0;
    ASSERT_EQ(scan_decimal(c.text, c.precision, c.scale, value), c.outcome) << c.text;
    if (c.outcome == ParseOutcome::Ok) {
      EXPECT_EQ(decimal_text(value, c.scale), c.printed) << c.text;
    }
  }
  EXPECT_EQ(decimal_text(-power_of_ten(38) + 1, 38), "-0." + std::string(38, '9'));
  EXPECT_EQ(decimal_text(0, 0), "0");
}

TEST(TextForm, Timestamps) {
  struct Case {
    const char* text;
    const char* printed;  // null: refused
  };
  const Case cases[] = {
      {"2013-01-01 00:02:00", "2013-01-01 00:02:00"},
      {" 2013-01-01T00:02:00.5 ", "2013-01-01 00:02:00.5"},
      {"2013-01-01", "2013-01-01 00:00:00"},
      {"2013-1-5 7:08", "2013-01-05 07:08:00"},
      {"1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"},
      {"2013-01-01 00:00:00.1234565", "2013-01-01 00:00:00.123457"},
      {"2013-01-01 12:00:00+02", "2013-01-01 12:00:00"},
      {"2013-01-01 24:00:00", "2013-01-02 00:00:00"},
      {"2012-12-31 23:59:60", "2013-01-01 00:00:00"},
      {"0044-03-15 00:00:00 BC", "0044-03-15 00:00:00 BC"},
      {"10000-01-01 00:00:00", "10000-01-01 00:00:00"},
      {"infinity", "infinity"},
      {"-Infinity", "-infinity"},
      {"epoch", "1970-01-01 00:00:00"},
      {"2012-02-29 00:00:00", "2012-02-29 00:00:00"},
      {"2013-02-29 00:00:00", nullptr},
      {"2013-13-01 00:00:00", nullptr},
      {"2013-01-01 25:00:00", nullptr},
      {"2013-01-01 24:00:01", nullptr},
      {"2013-01-01 00:60:00", nullptr},
      {"0000-01-01 00:00:00", nullptr},
      {"300000-01-01 00:00:00", nullptr},
      {"2013-01-01 00:02:0x", nullptr},
      {"2013-01-0100:02:00", nullptr},
      {"2013/01/01 00:02:00", nullptr},
      {"yesterday", nullptr},
      {"", nullptr},
  };
  for (const Case& c : cases) {
    std::int64_t us = 0;
    ASSERT_EQ(parse_timestamp(c.text, false, us), c.printed != nullptr) << c.text;
    if (c.printed != nullptr) {
      EXPECT_EQ(timestamp_text(us), c.printed) << c.text;
    }
  }
  std::int64_t us = 0;
  ASSERT_TRUE(parse_timestamp("2013-01-01 12:00:00+02:30", true, us));
  EXPECT_EQ(timestamp_text(us), "2013-01-01 09:30:00");
  ASSERT_TRUE(parse_timestamp("2013-01-01 12:00:00 -0330", true, us));
  std::string zoned;
  append_timestamptz(us, zoned);
  EXPECT_EQ(zoned, "2013-01-01 15:30:00+00");
}

TEST(TextForm, IntervalsAreRead) {
  struct Case {
    const char* text;
    const char* printed;
  };
  const Case cases[] = {
      {"30 minutes", "00:30:00"},
      {"1 day 02:03:04", "1 day 02:03:04"},
      {"1.5 s", "00:00:01.5"},
      {"-5 ms", "-00:00:00.005"},
      {"90", "00:01:30"},
      {"2 days 1 hour ago", "-2 days -01:00:00"},
      {"@ 1 hour 5 mins", "01:05:00"},
      {"5ms", "00:00:00.005"},
      {"1h30m", "01:30:00"},
      {"-1 day +02:00:00", "-22:00:00"},
      {"1 week", "7 days"},
      {"0.5 days", "12:00:00"},
      {"36:00", "1 day 12:00:00"},
      {"0", "00:00:00"},
      {"1500 us", "00:00:00.0015"},
  };
  for (const Case& c : cases) {
    const auto us = parse_interval(c.text);
    ASSERT_TRUE(us.has_value()) << c.text;
    EXPECT_EQ(interval_text(*us), c.printed) << c.text;
  }
  for (const char* months : {"1 month", "2 years", "1-2", "3 mons 2 days"}) {
    const auto us = parse_interval(months);
    ASSERT_FALSE(us.has_value()) << months;
    EXPECT_EQ(us.error().code, ErrorCode::Unsupported);
  }
  for (const char* bad :
       {"", "x", "1 parsec", "1:2:3:4", "ago 1 day", "1 day ago 2", "1::2", "- 1", ".", "12:60"}) {
    const auto us = parse_interval(bad);
    ASSERT_FALSE(us.has_value()) << bad;
    EXPECT_EQ(us.error().message, std::string("invalid input syntax for type interval: \"") + bad + "\"");
  }
  EXPECT_EQ(parse_interval("200000000 days").error().message,
            "interval field value out of range: \"200000000 days\"");
}

TEST(TextForm, Booleans) {
  bool flag = false;
  for (const char* yes : {"t", "TRUE", "tr", "y", "yes", "on", "1", " true "}) {
    EXPECT_TRUE(parse_bool(yes, flag) && flag) << yes;
  }
  for (const char* no : {"f", "False", "n", "no", "of", "off", "0"}) {
    EXPECT_TRUE(parse_bool(no, flag) && !flag) << no;
  }
  for (const char* bad : {"", "o", "truex", "2", "yess"}) EXPECT_FALSE(parse_bool(bad, flag)) << bad;
}

TEST(TextForm, ErrorsAreThoseOfPostgres) {
  const auto message = [](const char* text, LogicalType type) {
    return parse_value(text, type).error().message;
  };
  const auto of = [](TypeId id) { return LogicalType::of(id); };
  EXPECT_EQ(message("abc", of(TypeId::Int)), "invalid input syntax for type integer: \"abc\"");
  EXPECT_EQ(message("3000000000", of(TypeId::Int)), "value \"3000000000\" is out of range for type integer");
  EXPECT_EQ(message("1e999", of(TypeId::Double)), "\"1e999\" is out of range for type double precision");
  EXPECT_EQ(message("x", LogicalType::numeric(9, 2)), "invalid input syntax for type numeric: \"x\"");
  EXPECT_EQ(message("1e9", LogicalType::numeric(9, 2)), "numeric field overflow");
  EXPECT_EQ(message("2013-02-30", of(TypeId::Timestamp)),
            "date/time field value out of range: \"2013-02-30\"");
  EXPECT_EQ(message("x", of(TypeId::TimestampTz)),
            "invalid input syntax for type timestamp with time zone: \"x\"");
  EXPECT_EQ(message("maybe", of(TypeId::Bool)), "invalid input syntax for type boolean: \"maybe\"");
}

TEST(TextForm, ValuesPrintAndReadBack) {
  const Value values[] = {
      Value::boolean(true),          Value::integer(-5),
      Value::bigint(INT64_MIN),      Value::real(0.1),
      Value::numeric(9, 2, -1234),   Value::numeric(38, 10, power_of_ten(37)),
      Value::text("a 'quoted' one"), Value::timestamp(1357000920000000),
      Value::interval(-1),
  };
  for (const Value& value : values) {
    const auto again = parse_value(value.to_string(), value.type());
    ASSERT_TRUE(again.has_value()) << value.to_string();
    EXPECT_EQ(*again, value) << value.to_string();
  }
}

}  // namespace
}  // namespace dart::columnar
