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

/// How reading a text ended: it is not of the type's form at all, or it is and the value does not fit.
enum class ParseOutcome : std::uint8_t { Ok, Syntax, Range };

/// Whole text, spaces around allowed.
[[nodiscard]] ParseOutcome scan_bigint(std::string_view text, std::int64_t& out);
[[nodiscard]] ParseOutcome scan_double(std::string_view text, double& out);
/// Digits, one point, optional exponent; rounded half away from zero to `scale`; out of range when it has
/// more than `precision` digits afterwards.
[[nodiscard]] ParseOutcome scan_decimal(std::string_view text, int precision, int scale, int128& unscaled);
/// YYYY-MM-DD[ |T]hh:mm[:ss[.f…]][Z|±hh[:mm]]; a date alone is midnight; a zone is applied when `zoned`,
/// otherwise ignored as PostgreSQL does for timestamp without time zone. Also infinity, -infinity, epoch.
[[nodiscard]] ParseOutcome scan_timestamp(std::string_view text, bool zoned, std::int64_t& us);

/// The same for who does not ask why.
[[nodiscard]] inline bool parse_bigint(std::string_view text, std::int64_t& out) {
  return scan_bigint(text, out) == ParseOutcome::Ok;
}
[[nodiscard]] inline bool parse_double(std::string_view text, double& out) {
  return scan_double(text, out) == ParseOutcome::Ok;
}
[[nodiscard]] inline bool parse_decimal(std::string_view text, int precision, int scale, int128& unscaled) {
  return scan_decimal(text, precision, scale, unscaled) == ParseOutcome::Ok;
}
[[nodiscard]] inline bool parse_timestamp(std::string_view text, bool zoned, std::int64_t& us) {
  return scan_timestamp(text, zoned, us) == ParseOutcome::Ok;
}
/// '30 minutes', '1 day 02:03:04', '1.5 s', '-5 ms'. Months and years are an error with that reason;
/// a bare number is seconds.
[[nodiscard]] Result<std::int64_t> parse_interval(std::string_view text);
/// t, true, y, yes, on, 1 and their opposites, any case.
[[nodiscard]] bool parse_bool(std::string_view text, bool& out);

/// Reads text as a value of the type; the Error names the type and quotes the text as PostgreSQL does.
[[nodiscard]] Result<Value> parse_value(std::string_view text, LogicalType type);
/// `text` without white space at both ends, as PostgreSQL's input functions see it.
[[nodiscard]] std::string_view trim_space(std::string_view text);
/// Appends a non-NULL value.
void visit_value_text(const Value& value, std::string& out);

}  // namespace dart::columnar
