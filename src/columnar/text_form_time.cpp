#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "columnar/civil.hpp"
#include "columnar/text_form.hpp"

namespace dart::columnar {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

constexpr auto kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (std::size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

char* put_two(char* p, std::int64_t value) {
  std::memcpy(p, kTwoDigits.data() + 2 * value, 2);
  return p + 2;
}

// hh:mm:ss[.ffffff] without the zeros at the end of the fraction; hours below 100.
char* put_time(char* p, std::int64_t us_of_day) {
  const auto seconds = static_cast<std::int32_t>(us_of_day / kUsPerSecond);
  std::int64_t fraction = us_of_day % kUsPerSecond;
  p = put_two(p, seconds / 3600);
  *p++ = ':';
  p = put_two(p, seconds / 60 % 60);
  *p++ = ':';
  p = put_two(p, seconds % 60);
  if (fraction == 0) return p;
  *p++ = '.';
  for (std::int64_t unit = 100'000; fraction != 0; unit /= 10) {
    *p++ = static_cast<char>('0' + fraction / unit);
    fraction %= unit;
  }
  return p;
}

void append_time_point(std::int64_t us, std::string_view zone, std::string& out) {
  if (!is_finite_time(us)) {
    out += us < 0 ? "-infinity" : "infinity";
    return;
  }
  const std::int64_t days = floor_div(us, kUsPerDay);
  const CivilDate date = civil_from_days(days);
  char buffer[48];
  char* p = buffer;
  const std::int64_t year = date.year > 0 ? date.year : 1 - date.year;
  if (year >= 10000) {
    p = fmt::format_to(p, "{}", year);
  } else {
    p = put_two(p, year / 100);
    p = put_two(p, year % 100);
  }
  *p++ = '-';
  p = put_two(p, date.month);
  *p++ = '-';
  p = put_two(p, date.day);
  *p++ = ' ';
  p = put_time(p, us - days * kUsPerDay);
  out.append(buffer, static_cast<std::size_t>(p - buffer));
  out += zone;
  if (date.year <= 0) out += " BC";
}

// Reads what is left of a text from left to right.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : p_(text.data()), end_(p_ + text.size()) {}

  [[nodiscard]] bool at_end() const { return p_ == end_; }
  [[nodiscard]] char peek() const { return p_ == end_ ? '\0' : *p_; }
  [[nodiscard]] char peek_behind() const { return end_ - p_ < 2 ? '\0' : p_[1]; }
  bool take(char c) {
    if (peek() != c) return false;
    ++p_;
    return true;
  }
  bool skip_space() {
    const char* const before = p_;
    while (p_ < end_ && (*p_ == ' ' || (*p_ >= '\t' && *p_ <= '\r'))) ++p_;
    return p_ != before;
  }
  // A number of least to most digits; false, and nothing read, when there are fewer or more.
  bool digits(int least, int most, std::int64_t& value) {
    const char* q = p_;
    std::int64_t number = 0;
    for (; q < end_ && is_digit(*q); ++q) {
      if (q - p_ >= most) return false;
      number = number * 10 + (*q - '0');
    }
    if (q - p_ < least) return false;
    p_ = q;
    value = number;
    return true;
  }
  // Digits behind a point as millionths, rounded.
  std::int64_t fraction() {
    std::int64_t value = 0;
    std::int64_t unit = 100'000;
    bool first_cut = true;
    for (; p_ < end_ && is_digit(*p_); ++p_) {
      if (unit > 0) {
        value += (*p_ - '0') * unit;
        unit /= 10;
      } else {
        if (first_cut && *p_ >= '5') ++value;
        first_cut = false;
      }
    }
    return value;
  }
  // The letters that follow, in lower case.
  std::string word() {
    std::string letters;
    for (; p_ < end_ && is_letter(*p_); ++p_) letters += lower(*p_);
    return letters;
  }

 private:
  const char* p_;
  const char* end_;
};

// Microseconds of hh:mm[:ss[.f]].
ParseOutcome scan_time_of_day(Cursor& in, std::int64_t& us) {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t fraction = 0;
  if (!in.digits(1, 2, hour) || !in.take(':') || !in.digits(1, 2, minute)) return ParseOutcome::Syntax;
  if (in.take(':')) {
    if (!in.digits(1, 2, second)) return ParseOutcome::Syntax;
    if (in.take('.')) fraction = in.fraction();
  }
  us = hour * kUsPerHour + minute * kUsPerMinute + second * kUsPerSecond + fraction;
  const bool fits = minute < 60 && second <= 60 && us <= kUsPerDay;
  return fits ? ParseOutcome::Ok : ParseOutcome::Range;
}

// Z, UTC, GMT, ±hh, ±hhmm, ±hh:mm; what has to be subtracted to get UTC.
ParseOutcome scan_zone(Cursor& in, std::int64_t& offset_us) {
  offset_us = 0;
  if (is_letter(in.peek())) {
    const std::string name = in.word();
    return name == "z" || name == "utc" || name == "gmt" ? ParseOutcome::Ok : ParseOutcome::Syntax;
  }
  const bool negative = in.peek() == '-';
  if (!in.take('-') && !in.take('+')) return ParseOutcome::Syntax;
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (in.digits(1, 2, hours)) {
    if (in.take(':') && !in.digits(2, 2, minutes)) return ParseOutcome::Syntax;
  } else if (in.digits(3, 4, hours)) {
    minutes = hours % 100;
    hours /= 100;
  } else {
    return ParseOutcome::Syntax;
  }
  if (hours > 15 || minutes > 59) return ParseOutcome::Range;
  offset_us = (hours * kUsPerHour + minutes * kUsPerMinute) * (negative ? -1 : 1);
  return ParseOutcome::Ok;
}

// What the special words mean; false when it is none of them.
bool scan_special_time(std::string_view text, std::int64_t& us) {
  const bool negative = !text.empty() && text.front() == '-';
  Cursor in(negative || (!text.empty() && text.front() == '+') ? text.substr(1) : text);
  const std::string word = in.word();
  if (!in.at_end()) return false;
  if (word == "infinity" || word == "inf") {
    us = negative ? kTimestampMinusInfinity : kTimestampInfinity;
    return true;
  }
  us = 0;
  return word == "epoch" && word.size() == text.size();
}

bool take_bc(Cursor& in) {
  if (lower(in.peek()) != 'b' || lower(in.peek_behind()) != 'c') return false;
  return in.word() == "bc";
}

// Everything but the fast form.
ParseOutcome scan_any_timestamp(std::string_view text, bool zoned, std::int64_t& us) {
  text = trim_space(text);
  if (scan_special_time(text, us)) return ParseOutcome::Ok;
  Cursor in(text);
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  if (!in.digits(4, 6, year) || !in.take('-') || !in.digits(1, 2, month) || !in.take('-') ||
      !in.digits(1, 2, day)) {
    return ParseOutcome::Syntax;
  }
  std::int64_t us_of_day = 0;
  std::int64_t offset_us = 0;
  bool spaced = in.skip_space();
  const bool timed = is_digit(in.peek()) ? spaced : lower(in.peek()) == 't';
  if (timed) {
    if (lower(in.peek()) == 't') in.take(in.peek());
    if (const auto outcome = scan_time_of_day(in, us_of_day); outcome != ParseOutcome::Ok) return outcome;
    spaced = in.skip_space();
    if (!in.at_end() && lower(in.peek()) != 'b') {
      if (const auto outcome = scan_zone(in, offset_us); outcome != ParseOutcome::Ok) return outcome;
      spaced = in.skip_space();
    }
  }
  const bool before_christ = spaced && take_bc(in);
  if (!in.at_end()) return ParseOutcome::Syntax;
  if (year == 0) return ParseOutcome::Range;
  if (before_christ) year = 1 - year;
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, static_cast<int>(month))) {
    return ParseOutcome::Range;
  }
  const std::int64_t days = days_from_civil(year, static_cast<int>(month), static_cast<int>(day));
  return timestamp_from_days(days, us_of_day - (zoned ? offset_us : 0), us) ? ParseOutcome::Ok
                                                                            : ParseOutcome::Range;
}

// Microseconds of one unit; 0 for units of months, -1 for words that are no unit.
std::int64_t interval_unit(std::string_view word) {
  struct Unit {
    std::string_view name;
    std::int64_t us;
  };
  static constexpr Unit kUnits[] = {
      {"us", 1},
      {"usec", 1},
      {"usecs", 1},
      {"usecond", 1},
      {"useconds", 1},
      {"microsecond", 1},
      {"microseconds", 1},
      {"ms", 1000},
      {"msec", 1000},
      {"msecs", 1000},
      {"msecond", 1000},
      {"mseconds", 1000},
      {"millisecond", 1000},
      {"milliseconds", 1000},
      {"s", kUsPerSecond},
      {"sec", kUsPerSecond},
      {"secs", kUsPerSecond},
      {"second", kUsPerSecond},
      {"seconds", kUsPerSecond},
      {"m", kUsPerMinute},
      {"min", kUsPerMinute},
      {"mins", kUsPerMinute},
      {"minute", kUsPerMinute},
      {"minutes", kUsPerMinute},
      {"h", kUsPerHour},
      {"hr", kUsPerHour},
      {"hrs", kUsPerHour},
      {"hour", kUsPerHour},
      {"hours", kUsPerHour},
      {"d", kUsPerDay},
      {"day", kUsPerDay},
      {"days", kUsPerDay},
      {"w", 7 * kUsPerDay},
      {"week", 7 * kUsPerDay},
      {"weeks", 7 * kUsPerDay},
  };
  for (const Unit& unit : kUnits) {
    if (unit.name == word) return unit.us;
  }
  static constexpr std::string_view kMonths[] = {
      "mon",   "mons", "month",   "months",    "y",   "yr",   "yrs",        "year",
      "years", "qtr",  "quarter", "quarters",  "dec", "decs", "decade",     "decades",
      "c",     "cent", "century", "centuries", "mil", "mils", "millennium", "millennia"};
  return std::ranges::find(kMonths, word) != std::end(kMonths) ? 0 : -1;
}

// The sum of the parts of an interval; remembers when it left the range.
class IntervalSum {
 public:
  // (whole + millionths / 10^6) units.
  void add(bool negative, std::int64_t whole, std::int64_t millionths, std::int64_t unit_us) {
    const int128 part =
        static_cast<int128>(whole) * unit_us + static_cast<int128>(millionths) * unit_us / 1'000'000;
    sum_ += negative ? -part : part;
  }
  void negate() { sum_ = -sum_; }
  [[nodiscard]] bool get(std::int64_t& us) const {
    us = static_cast<std::int64_t>(sum_);
    return us == sum_;
  }

 private:
  int128 sum_ = 0;
};

enum class IntervalPart : std::uint8_t { Ok, Syntax, Months };

// One part: hh:mm[:ss[.f]], or a number with its unit (seconds when there is none).
IntervalPart scan_interval_part(Cursor& in, IntervalSum& sum) {
  const bool negative = in.peek() == '-';
  if (in.peek() == '-' || in.peek() == '+') in.take(in.peek());
  std::int64_t whole = 0;
  const bool has_whole = in.digits(1, 18, whole);
  if (has_whole && in.take(':')) {
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    std::int64_t fraction = 0;
    if (!in.digits(1, 2, minutes) || minutes > 59) return IntervalPart::Syntax;
    if (in.take(':')) {
      if (!in.digits(1, 2, seconds) || seconds > 59) return IntervalPart::Syntax;
      if (in.take('.')) fraction = in.fraction();
    }
    sum.add(negative, whole, 0, kUsPerHour);
    sum.add(negative, minutes * kUsPerMinute + seconds * kUsPerSecond + fraction, 0, 1);
    return IntervalPart::Ok;
  }
  if (has_whole && in.peek() == '-') return IntervalPart::Months;
  std::int64_t fraction = 0;
  const bool has_fraction = in.peek() == '.' && is_digit(in.peek_behind());
  if (in.take('.')) fraction = in.fraction();
  if (!has_whole && !has_fraction) return IntervalPart::Syntax;
  in.skip_space();
  std::int64_t unit = kUsPerSecond;
  if (is_letter(in.peek())) unit = interval_unit(in.word());
  if (unit <= 0) return unit == 0 ? IntervalPart::Months : IntervalPart::Syntax;
  sum.add(negative, whole, fraction, unit);
  return IntervalPart::Ok;
}

}  // namespace

void append_timestamp(std::int64_t us, std::string& out) { append_time_point(us, {}, out); }

void append_timestamptz(std::int64_t us, std::string& out) { append_time_point(us, "+00", out); }

void append_interval(std::int64_t us, std::string& out) {
  const std::int64_t days = us / kUsPerDay;
  const std::int64_t rest = us % kUsPerDay;
  char buffer[24];
  if (days != 0) {
    append_integer(days, out);
    out += days == 1 ? " day" : " days";
    if (rest == 0) return;
    out += ' ';
  }
  if (rest < 0) out += '-';
  const char* const end = put_time(buffer, rest < 0 ? -rest : rest);
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

ParseOutcome scan_timestamp(std::string_view text, bool zoned, std::int64_t& us) {
  if (text.size() == 19) {
    // The common form without branches: every digit is checked at once at the end.
    const char* const p = text.data();
    unsigned bad = 0;
    const auto two = [&](int at) {
      const unsigned high = static_cast<unsigned char>(p[at]) - unsigned{'0'};
      const unsigned low = static_cast<unsigned char>(p[at + 1]) - unsigned{'0'};
      bad |= static_cast<unsigned>(high > 9) | static_cast<unsigned>(low > 9);
      return static_cast<int>(high * 10 + low);
    };
    const std::int64_t year = two(0) * 100 + two(2);
    const int month = two(5);
    const int day = two(8);
    const int hour = two(11);
    const int minute = two(14);
    const int second = two(17);
    const bool marks = p[4] == '-' && p[7] == '-' && p[10] == ' ' && p[13] == ':' && p[16] == ':';
    if (bad == 0 && marks && year > 0 && month >= 1 && month <= 12 && day >= 1 &&
        day <= days_in_month(year, month) && hour < 24 && minute < 60 && second < 60) {
      us =
          days_from_civil(year, month, day) * kUsPerDay + (hour * 3600 + minute * 60 + second) * kUsPerSecond;
      return ParseOutcome::Ok;
    }
  }
  return scan_any_timestamp(text, zoned, us);
}

Result<std::int64_t> parse_interval(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorCode::Data, fmt::format("invalid input syntax for type interval: \"{}\"", text));
  };
  Cursor in(trim_space(text));
  if (in.at_end()) return bad();
  in.take('@');
  in.skip_space();
  IntervalSum sum;
  while (!in.at_end()) {
    if (is_letter(in.peek())) {
      // Only `ago` stands without a number, and only at the end.
      if (in.word() != "ago" || !in.at_end()) return bad();
      sum.negate();
      break;
    }
    const IntervalPart part = scan_interval_part(in, sum);
    if (part == IntervalPart::Syntax) return bad();
    if (part == IntervalPart::Months) {
      return fail(ErrorCode::Unsupported,
                  fmt::format("months and years in an interval are not supported: \"{}\"", text),
                  std::nullopt, "a month has no fixed length; write days, hours, minutes or seconds");
    }
    in.skip_space();
  }
  std::int64_t us = 0;
  if (!sum.get(us))
    return fail(ErrorCode::Data, fmt::format("interval field value out of range: \"{}\"", text));
  return us;
}

}  // namespace dart::columnar
