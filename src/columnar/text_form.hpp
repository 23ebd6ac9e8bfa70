#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/int128.hpp"
#include "base/result.hpp"
#include "columnar/types.hpp"
#include "columnar/value.hpp"

/// The text forms of all types, in and out: one place for CSV, JSON, casts, literals and printing.
/// The appenders write PostgreSQL's forms (ISO dates, shortest round-trip doubles, t / f for booleans).
namespace dart::columnar {

void append_integer(std::int64_t value, std::string& out);
/// `unscaled` / 10^scale with exactly `scale` digits behind the point.
void append_decimal(int128 unscaled, int scale, std::string& out);
/// Shortest text that reads back as the same double; NaN, Infinity, -Infinity; 1e+20 as PostgreSQL.
void append_double(double value, std::string& out);
/// 2013-01-01 00:02:00[.ffffff]; infinity / -infinity at the ends; years before 1 as `... BC`.
void append_timestamp(std::int64_t us, std::string& out);
/// The same followed by +00.
void append_timestamptz(std::int64_t us, std::string& out);
/// [N day[s] ][-]hh:mm:ss[.ffffff], PostgreSQL's `postgres` style; 00:00:00 for zero.
void append_interval(std::int64_t us, std::string& out);

/// Whole text, spaces around allowed; false when it is not a number of that kind or out of range.
[[nodiscard]] bool parse_bigint(std::string_view text, std::int64_t& out);
[[nodiscard]] bool parse_double(std::string_view text, double& out);
/// Digits, one point, optional exponent; rounded half away from zero to `scale`; false when it has more
/// than `precision` digits afterwards or is no number.
[[nodiscard]] bool parse_decimal(std::string_view text, int precision, int scale, int128& unscaled);
/// YYYY-MM-DD[ |T]hh:mm[:ss[.f…]][Z|±hh[:mm]]; a date alone is midnight; a zone is applied when `zoned`,
/// otherwise ignored as PostgreSQL does for timestamp without time zone.
[[nodiscard]] bool parse_timestamp(std::string_view text, bool zoned, std::int64_t& us);
/// '30 minutes', '1 day 02:03:04', '1.5 s', '-5 ms'. Months and years are an error with that reason;
/// a bare number is seconds.
[[nodiscard]] Result<std::int64_t> parse_interval(std::string_view text);
/// t, true, y, yes, on, 1 and their opposites, any case.
[[nodiscard]] bool parse_bool(std::string_view text, bool& out);

/// Reads text as a value of the type; the Error names the type and quotes the text as PostgreSQL does.
[[nodiscard]] Result<Value> parse_value(std::string_view text, LogicalType type);
/// Appends a non-NULL value.
void visit_value_text(const Value& value, std::string& out);

}  // namespace dart::columnar
