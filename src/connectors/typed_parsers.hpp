#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "columnar/json_text.hpp"
#include "columnar/string_ref.hpp"
#include "columnar/text_form.hpp"
#include "columnar/types.hpp"

/// From the text of a field to a physical value, one functor a type: false when the text is no such value.
/// Each has a short way for the usual shape and hands everything else to columnar/text_form.hpp.
namespace dart::connectors {

inline std::string_view span_of(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

struct BoolParser {
  using Value = std::uint8_t;
  bool operator()(const char* begin, const char* end, Value& out) const {
    bool value = false;
    if (!columnar::parse_bool(span_of(begin, end), value)) return false;
    out = value ? 1 : 0;
    return true;
  }
};

struct IntegerParser {
  using Value = std::int64_t;
  std::int64_t least = INT64_MIN;
  std::int64_t greatest = INT64_MAX;

  bool operator()(const char* begin, const char* end, Value& out) const {
    const char* p = begin;
    const bool negative = p != end && *p == '-';
    p += negative ? 1 : 0;
    std::int64_t value = 0;
    bool plain = p != end && end - p <= 18;
    for (; plain && p != end; ++p) {
      const auto digit = static_cast<unsigned>(*p - '0');
      plain = digit <= 9;
      value = value * 10 + digit;
    }
    out = negative ? -value : value;
    if (!plain && !columnar::parse_bigint(span_of(begin, end), out)) return false;
    return out >= least && out <= greatest;
  }
};

struct DoubleParser {
  using Value = double;
  bool operator()(const char* begin, const char* end, Value& out) const {
    return columnar::parse_double(span_of(begin, end), out);
  }
};

inline constexpr std::int64_t kPowersOfTen[19] = {1,
                                                  10,
                                                  100,
                                                  1'000,
                                                  10'000,
                                                  100'000,
                                                  1'000'000,
                                                  10'000'000,
                                                  100'000'000,
                                                  1'000'000'000,
                                                  10'000'000'000,
                                                  100'000'000'000,
                                                  1'000'000'000'000,
                                                  10'000'000'000'000,
                                                  100'000'000'000'000,
                                                  1'000'000'000'000'000,
                                                  10'000'000'000'000'000,
                                                  100'000'000'000'000'000,
                                                  1'000'000'000'000'000'000};

/// numeric(p, s) with p <= 18.
struct ShortDecimalParser {
  using Value = std::int64_t;
  int precision = 0;
  int scale = 0;

  bool operator()(const char* begin, const char* end, Value& out) const {
    const char* p = begin;
    const bool negative = p != end && *p == '-';
    p += negative ? 1 : 0;
    const char* const digits = p;
    std::int64_t value = 0;
    while (p != end && static_cast<unsigned>(*p - '0') <= 9 && p - digits < 18)
      value = value * 10 + (*p++ - '0');
    long count = p - digits;
    long fraction = 0;
    if (p != end && *p == '.') {
      const char* const point = p++;
      while (p != end && static_cast<unsigned>(*p - '0') <= 9 && p - point <= 18)
        value = value * 10 + (*p++ - '0');
      fraction = p - point - 1;
      count += fraction;
    }
    const long missing = scale - fraction;
    if (p != end || count == 0 || missing < 0 || count + missing > 18) return slow(begin, end, out);
    value *= kPowersOfTen[missing];
    if (value >= kPowersOfTen[precision]) return false;
    out = negative ? -value : value;
    return true;
  }

 private:
  bool slow(const char* begin, const char* end, Value& out) const {
    int128 wide = 0;
    if (!columnar::parse_decimal(span_of(begin, end), precision, scale, wide)) return false;
    out = static_cast<std::int64_t>(wide);
    return true;
  }
};

struct LongDecimalParser {
  using Value = int128;
  int precision = 0;
  int scale = 0;
  bool operator()(const char* begin, const char* end, Value& out) const {
    return columnar::parse_decimal(span_of(begin, end), precision, scale, out);
  }
};

/// Rows that follow each other mostly lie on the same day: the day is parsed once.
struct TimestampParser {
  using Value = std::int64_t;
  bool zoned = false;
  char day[10] = {};
  std::int64_t day_us = 0;

  bool operator()(const char* begin, const char* end, Value& out) {
    if (end - begin != 19 || begin[10] != ' ')
      return columnar::parse_timestamp(span_of(begin, end), zoned, out);
    if (std::memcmp(begin, day, sizeof day) != 0) {
      if (!columnar::parse_timestamp(span_of(begin, begin + 10), zoned, day_us)) {
        day[0] = '\0';
        return false;
      }
      std::memcpy(day, begin, sizeof day);
    }
    const auto digit = [&](int place) { return static_cast<unsigned>(begin[place] - '0'); };
    const unsigned hour = digit(11) * 10 + digit(12);
    const unsigned minute = digit(14) * 10 + digit(15);
    const unsigned second = digit(17) * 10 + digit(18);
    const bool plain = digit(11) <= 2 && digit(12) <= 9 && hour <= 23 && digit(14) <= 5 && digit(15) <= 9 &&
                       digit(17) <= 5 && digit(18) <= 9 && begin[13] == ':' && begin[16] == ':';
    if (!plain) return columnar::parse_timestamp(span_of(begin, end), zoned, out);
    out = day_us + static_cast<std::int64_t>((hour * 60 + minute) * 60 + second) * 1'000'000;
    return true;
  }
};

struct IntervalParser {
  using Value = std::int64_t;
  bool operator()(const char* begin, const char* end, Value& out) const {
    const auto value = columnar::parse_interval(span_of(begin, end));
    if (value) out = *value;
    return value.has_value();
  }
};

/// The string points to the text itself.
struct TextParser {
  using Value = columnar::StringRef;
  bool check_utf8 = true;

  bool operator()(const char* begin, const char* end, Value& out) const {
    const std::string_view text = span_of(begin, end);
    if (check_utf8 && !is_utf8(text)) return false;
    out = columnar::StringRef(text);
    return true;
  }
  static bool is_utf8(std::string_view text);
};

/// Equal jsonb values have equal texts. The string points into the parser and is good until its next call.
struct JsonParser {
  using Value = columnar::StringRef;
  std::string text;

  bool operator()(const char* begin, const char* end, Value& out) {
    text.clear();
    if (!TextParser::is_utf8(span_of(begin, end)) || !columnar::normalise_json(span_of(begin, end), text))
      return false;
    out = columnar::StringRef(text);
    return true;
  }
};

/// Calls f with the parser for a type: once per column, not per row.
template <class F>
decltype(auto) with_parser(columnar::LogicalType type, F&& f) {
  using columnar::TypeId;
  switch (type.id) {
    case TypeId::Bool:
      return f(BoolParser{});
    case TypeId::Int:
      return f(IntegerParser{INT32_MIN, INT32_MAX});
    case TypeId::BigInt:
      return f(IntegerParser{});
    case TypeId::Double:
      return f(DoubleParser{});
    case TypeId::Numeric:
      if (type.physical() == columnar::PhysicalType::Int64)
        return f(ShortDecimalParser{type.precision, type.scale});
      return f(LongDecimalParser{type.precision, type.scale});
    case TypeId::Timestamp:
    case TypeId::TimestampTz:
      return f(TimestampParser{type.id == TypeId::TimestampTz});
    case TypeId::Interval:
      return f(IntervalParser{});
    case TypeId::Jsonb:
      return f(JsonParser{});
    case TypeId::Text:
    case TypeId::Null:
      break;
  }
  return f(TextParser{});
}

/// Why a text is no value of the type, in PostgreSQL's words less the text itself, so that equal reasons
/// count together.
[[nodiscard]] std::string parse_failure(std::string_view text, columnar::LogicalType type);

}  // namespace dart::connectors
