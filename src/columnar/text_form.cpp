#include "columnar/text_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "columnar/decimal.hpp"
#include "columnar/json_text.hpp"

namespace dart::columnar {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equals_ignoring_case(std::string_view text, std::string_view lowered) {
  return std::equal(text.begin(), text.end(), lowered.begin(), lowered.end(),
                    [](char a, char b) { return lower(a) == b; });
}

// A number of more digits than the fast path takes, or with an exponent. `digits` holds at least one digit
// and perhaps one point.
ParseOutcome scan_long_decimal(std::string_view digits, std::int64_t exponent, int scale, uint128& out) {
  const std::size_t point = std::min(digits.find('.'), digits.size());
  // Digits up to this place (the point not counted) are kept; the one behind it decides the rounding.
  const std::int64_t kept = static_cast<std::int64_t>(point) + exponent + scale;
  uint128 value = 0;
  std::int64_t place = 0;
  bool round_up = false;
  for (const char c : digits) {
    if (c == '.') continue;
    if (place == kept) round_up = c >= '5';
    if (place < kept) {
      if (value >= static_cast<uint128>(kPowersOfTen[38])) return ParseOutcome::Range;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    ++place;
  }
  if (value != 0) {
    for (; place < kept; ++place) {
      if (value >= static_cast<uint128>(kPowersOfTen[38])) return ParseOutcome::Range;
      value *= 10;
    }
  }
  out = value + (round_up ? 1 : 0);
  return ParseOutcome::Ok;
}

// An exponent behind `e`; far more than any number has is cut there.
bool scan_exponent(const char*& p, const char* end, std::int64_t& exponent) {
  ++p;
  const bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  if (p == end || !is_digit(*p)) return false;
  for (; p < end && is_digit(*p); ++p)
    exponent = std::min<std::int64_t>(exponent * 10 + (*p - '0'), 1'000'000);
  if (negative) exponent = -exponent;
  return true;
}

std::string bad_syntax(std::string_view type, std::string_view text) {
  return fmt::format("invalid input syntax for type {}: \"{}\"", type, text);
}

Result<Value> outcome_error(ParseOutcome outcome, std::string_view text, LogicalType type) {
  std::string name = type.id == TypeId::Numeric       ? "numeric"
                     : type.id == TypeId::TimestampTz ? "timestamp with time zone"
                                                      : to_string(type);
  if (outcome == ParseOutcome::Syntax) return fail(ErrorCode::Data, bad_syntax(name, text));
  if (type.is_time()) {
    return fail(ErrorCode::Data, fmt::format("date/time field value out of range: \"{}\"", text));
  }
  if (type.id == TypeId::Numeric) return fail(ErrorCode::Data, "numeric field overflow");
  if (type.id == TypeId::Double) {
    return fail(ErrorCode::Data, fmt::format("\"{}\" is out of range for type {}", text, name));
  }
  return fail(ErrorCode::Data, fmt::format("value \"{}\" is out of range for type {}", text, name));
}

}  // namespace

std::string_view trim_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

void append_integer(std::int64_t value, std::string& out) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

void append_decimal(int128 unscaled, int scale, std::string& out) {
  char buffer[48];
  char* const end = buffer + sizeof buffer;
  char* p = end;
  const bool negative = unscaled < 0;
  uint128 rest = negative ? -static_cast<uint128>(unscaled) : static_cast<uint128>(unscaled);
  int digits = 0;
  const auto put = [&](std::uint64_t part, bool last) {
    for (int i = 0; last ? part != 0 : i < 18; ++i) {
      *--p = static_cast<char>('0' + part % 10);
      part /= 10;
      if (++digits == scale) *--p = '.';
    }
  };
  constexpr auto kHalf = static_cast<uint128>(kShortPowersOfTen[18]);
  while (rest >= kHalf) {
    put(static_cast<std::uint64_t>(rest % kHalf), false);
    rest /= kHalf;
  }
  put(static_cast<std::uint64_t>(rest), true);
  while (digits < scale) {
    *--p = '0';
    if (++digits == scale) *--p = '.';
  }
  if (digits == scale) *--p = '0';
  if (negative) *--p = '-';
  out.append(p, static_cast<std::size_t>(end - p));
}

void append_double(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  const double size = std::fabs(value);
  const bool plain = size == 0 || (size >= 1e-4 && size < 1e15);
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

ParseOutcome scan_bigint(std::string_view text, std::int64_t& out) {
  text = trim_space(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return ParseOutcome::Syntax;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return ParseOutcome::Syntax;
  return error == std::errc() ? ParseOutcome::Ok : ParseOutcome::Range;
}

ParseOutcome scan_double(std::string_view text, double& out) {
  text = trim_space(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text.front() == '-') return ParseOutcome::Syntax;
  }
  if (text.empty() || text.back() == ')') return ParseOutcome::Syntax;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return ParseOutcome::Syntax;
  if (error != std::errc()) return ParseOutcome::Range;
  if (std::isnan(out)) out = std::numeric_limits<double>::quiet_NaN();
  return ParseOutcome::Ok;
}

ParseOutcome scan_decimal(std::string_view text, int precision, int scale, int128& unscaled) {
  if (!text.empty() && (is_space(text.front()) || is_space(text.back()))) text = trim_space(text);
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) ++p;
  const char* const first = p;
  // Wraps around for long numbers, which are read again below.
  std::uint64_t value = 0;
  for (; p < end && is_digit(*p); ++p) value = value * 10 + static_cast<unsigned>(*p - '0');
  std::int64_t digits = p - first;
  std::int64_t fraction = 0;
  if (p < end && *p == '.') {
    const char* const point = ++p;
    for (; p < end && is_digit(*p); ++p) value = value * 10 + static_cast<unsigned>(*p - '0');
    fraction = p - point;
    digits += fraction;
  }
  if (digits == 0) return ParseOutcome::Syntax;
  uint128 size = value;
  if (p == end && digits <= 18 && fraction <= scale) {
    const std::int64_t missing = scale - fraction;
    if (digits + missing <= 18) {
      value *= static_cast<std::uint64_t>(kShortPowersOfTen[static_cast<std::size_t>(missing)]);
      size = value;
    } else if (__builtin_mul_overflow(
                   size, static_cast<uint128>(kPowersOfTen[static_cast<std::size_t>(missing)]), &size)) {
      return ParseOutcome::Range;
    }
  } else {
    const std::string_view all(first, static_cast<std::size_t>(p - first));
    std::int64_t exponent = 0;
    if (p < end && (*p == 'e' || *p == 'E') && !scan_exponent(p, end, exponent)) return ParseOutcome::Syntax;
    if (p != end) return ParseOutcome::Syntax;
    if (scan_long_decimal(all, exponent, scale, size) != ParseOutcome::Ok) return ParseOutcome::Range;
  }
  if (size >= static_cast<uint128>(power_of_ten(precision))) return ParseOutcome::Range;
  unscaled = negative ? -static_cast<int128>(size) : static_cast<int128>(size);
  return ParseOutcome::Ok;
}

bool parse_bool(std::string_view text, bool& out) {
  text = trim_space(text);
  if (text.empty()) return false;
  // As in PostgreSQL every beginning of these words will do, as long as it is clear which one is meant.
  const auto begins = [&](std::string_view word, std::size_t least) {
    return text.size() >= least && text.size() <= word.size() &&
           equals_ignoring_case(text, word.substr(0, text.size()));
  };
  if (begins("true", 1) || begins("yes", 1) || begins("on", 2) || text == "1") {
    out = true;
    return true;
  }
  if (begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0") {
    out = false;
    return true;
  }
  return false;
}

Result<Value> parse_value(std::string_view text, LogicalType type) {
  ParseOutcome outcome = ParseOutcome::Ok;
  switch (type.id) {
    case TypeId::Null:
    case TypeId::Text:
      return Value::of(type, StringRef(text));
    case TypeId::Jsonb: {
      std::string json;
      if (!normalise_json(text, json)) return fail(ErrorCode::Data, bad_syntax("json", text));
      return Value::of(type, StringRef(json));
    }
    case TypeId::Bool: {
      bool flag = false;
      if (!parse_bool(text, flag)) return fail(ErrorCode::Data, bad_syntax("boolean", text));
      return Value::boolean(flag);
    }
    case TypeId::Int:
    case TypeId::BigInt: {
      std::int64_t number = 0;
      outcome = scan_bigint(text, number);
      if (outcome == ParseOutcome::Ok && type.id == TypeId::Int &&
          number != static_cast<std::int64_t>(static_cast<std::int32_t>(number))) {
        outcome = ParseOutcome::Range;
      }
      if (outcome != ParseOutcome::Ok) return outcome_error(outcome, text, type);
      return Value::of(type, number);
    }
    case TypeId::Double: {
      double number = 0;
      outcome = scan_double(text, number);
      if (outcome != ParseOutcome::Ok) return outcome_error(outcome, text, type);
      return Value::real(number);
    }
    case TypeId::Numeric: {
      int128 unscaled = 0;
      outcome = scan_decimal(text, type.precision, type.scale, unscaled);
      if (outcome != ParseOutcome::Ok) return outcome_error(outcome, text, type);
      return Value::numeric(type.precision, type.scale, unscaled);
    }
    case TypeId::Timestamp:
    case TypeId::TimestampTz: {
      std::int64_t us = 0;
      outcome = scan_timestamp(text, type.id == TypeId::TimestampTz, us);
      if (outcome != ParseOutcome::Ok) return outcome_error(outcome, text, type);
      return Value::of(type, us);
    }
    case TypeId::Interval: {
      DART_TRY(const std::int64_t us, parse_interval(text));
      return Value::interval(us);
    }
  }
  return fail(ErrorCode::Data, bad_syntax(to_string(type), text));
}

void visit_value_text(const Value& value, std::string& out) {
  switch (value.type().id) {
    case TypeId::Bool:
      out += value.boolean() ? 't' : 'f';
      return;
    case TypeId::Int:
    case TypeId::BigInt:
      append_integer(value.bigint(), out);
      return;
    case TypeId::Double:
      append_double(value.real(), out);
      return;
    case TypeId::Numeric:
      append_decimal(value.type().physical() == PhysicalType::Int64 ? value.bigint() : value.get<int128>(),
                     value.type().scale, out);
      return;
    case TypeId::Timestamp:
      append_timestamp(value.bigint(), out);
      return;
    case TypeId::TimestampTz:
      append_timestamptz(value.bigint(), out);
      return;
    case TypeId::Interval:
      append_interval(value.bigint(), out);
      return;
    case TypeId::Null:
    case TypeId::Text:
    case TypeId::Jsonb:
      out += value.text();
      return;
  }
}

}  // namespace dart::columnar
