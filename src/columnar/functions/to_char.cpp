#include "columnar/functions/to_char.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "columnar/functions/time_fields.hpp"

namespace dart::columnar {
namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kRoman[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                       "VII", "VIII", "IX",  "X",  "XI", "XII"};

enum class Letters : std::uint8_t { AsIs, Upper, Lower };

// One pattern: its name as matched, and what it stands for. The longest names come before their own
// beginnings.
enum class Pattern : std::uint8_t {
  EraDots,
  Era,
  NoonDots,
  Noon,
  Century,
  Weekday,
  WeekdayShort,
  DayOfYear,
  DayOfMonth,
  DayNumber,
  Fraction,
  Hour24,
  Hour12,
  IsoDayOfYear,
  IsoDay,
  IsoWeek,
  IsoYear,
  Julian,
  Minute,
  Month,
  MonthName,
  MonthShort,
  Millisecond,
  Quarter,
  RomanMonth,
  SecondOfDay,
  Second,
  ZoneName,
  ZoneHour,
  ZoneMinute,
  ZoneOffset,
  Microsecond,
  WeekOfYear,
  WeekOfMonth,
  YearComma,
  Year,
};

struct Entry {
  std::string_view name;
  Pattern pattern;
  int digits;            ///< of numbers
  bool any_case = true;  ///< otherwise letters matter and `letters` says how to print
  Letters letters = Letters::AsIs;
};

constexpr Entry kEntries[] = {
    {"A.D.", Pattern::EraDots, 0, false, Letters::Upper},
    {"a.d.", Pattern::EraDots, 0, false, Letters::Lower},
    {"B.C.", Pattern::EraDots, 0, false, Letters::Upper},
    {"b.c.", Pattern::EraDots, 0, false, Letters::Lower},
    {"A.M.", Pattern::NoonDots, 0, false, Letters::Upper},
    {"a.m.", Pattern::NoonDots, 0, false, Letters::Lower},
    {"P.M.", Pattern::NoonDots, 0, false, Letters::Upper},
    {"p.m.", Pattern::NoonDots, 0, false, Letters::Lower},
    {"AD", Pattern::Era, 0, false, Letters::Upper},
    {"ad", Pattern::Era, 0, false, Letters::Lower},
    {"BC", Pattern::Era, 0, false, Letters::Upper},
    {"bc", Pattern::Era, 0, false, Letters::Lower},
    {"AM", Pattern::Noon, 0, false, Letters::Upper},
    {"am", Pattern::Noon, 0, false, Letters::Lower},
    {"PM", Pattern::Noon, 0, false, Letters::Upper},
    {"pm", Pattern::Noon, 0, false, Letters::Lower},
    {"CC", Pattern::Century, 2},
    {"DAY", Pattern::Weekday, 0, false, Letters::Upper},
    {"Day", Pattern::Weekday, 0, false, Letters::AsIs},
    {"day", Pattern::Weekday, 0, false, Letters::Lower},
    {"DDD", Pattern::DayOfYear, 3},
    {"DD", Pattern::DayOfMonth, 2},
    {"DY", Pattern::WeekdayShort, 0, false, Letters::Upper},
    {"Dy", Pattern::WeekdayShort, 0, false, Letters::AsIs},
    {"dy", Pattern::WeekdayShort, 0, false, Letters::Lower},
    {"D", Pattern::DayNumber, 1},
    {"FF1", Pattern::Fraction, 1},
    {"FF2", Pattern::Fraction, 2},
    {"FF3", Pattern::Fraction, 3},
    {"FF4", Pattern::Fraction, 4},
    {"FF5", Pattern::Fraction, 5},
    {"FF6", Pattern::Fraction, 6},
    {"HH24", Pattern::Hour24, 2},
    {"HH12", Pattern::Hour12, 2},
    {"HH", Pattern::Hour12, 2},
    {"IDDD", Pattern::IsoDayOfYear, 3},
    {"ID", Pattern::IsoDay, 1},
    {"IW", Pattern::IsoWeek, 2},
    {"IYYY", Pattern::IsoYear, 4},
    {"IYY", Pattern::IsoYear, 3},
    {"IY", Pattern::IsoYear, 2},
    {"I", Pattern::IsoYear, 1},
    {"J", Pattern::Julian, 1},
    {"MI", Pattern::Minute, 2},
    {"MM", Pattern::Month, 2},
    {"MONTH", Pattern::MonthName, 0, false, Letters::Upper},
    {"Month", Pattern::MonthName, 0, false, Letters::AsIs},
    {"month", Pattern::MonthName, 0, false, Letters::Lower},
    {"MON", Pattern::MonthShort, 0, false, Letters::Upper},
    {"Mon", Pattern::MonthShort, 0, false, Letters::AsIs},
    {"mon", Pattern::MonthShort, 0, false, Letters::Lower},
    {"MS", Pattern::Millisecond, 3},
    {"OF", Pattern::ZoneOffset, 0},
    {"Q", Pattern::Quarter, 1},
    {"RM", Pattern::RomanMonth, 0, false, Letters::Upper},
    {"rm", Pattern::RomanMonth, 0, false, Letters::Lower},
    {"SSSSS", Pattern::SecondOfDay, 1},
    {"SSSS", Pattern::SecondOfDay, 1},
    {"SS", Pattern::Second, 2},
    {"TZH", Pattern::ZoneHour, 0},
    {"TZM", Pattern::ZoneMinute, 0},
    {"TZ", Pattern::ZoneName, 0, false, Letters::Upper},
    {"tz", Pattern::ZoneName, 0, false, Letters::Lower},
    {"US", Pattern::Microsecond, 6},
    {"WW", Pattern::WeekOfYear, 2},
    {"W", Pattern::WeekOfMonth, 1},
    {"Y,YYY", Pattern::YearComma, 0},
    {"YYYY", Pattern::Year, 4},
    {"YYY", Pattern::Year, 3},
    {"YY", Pattern::Year, 2},
    {"Y", Pattern::Year, 1},
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool begins(std::string_view text, std::string_view name, bool any_case) {
  if (text.size() < name.size()) return false;
  return std::equal(name.begin(), name.end(), text.begin(),
                    [any_case](char a, char b) { return a == (any_case ? upper(b) : b); });
}

const Entry* entry_at(std::string_view text) {
  for (const Entry& entry : kEntries) {
    if (begins(text, entry.name, entry.any_case)) return &entry;
  }
  return nullptr;
}

// Prints the patterns one by one; knows the time and the prefixes of the pattern at hand.
class TimePrinter {
 public:
  TimePrinter(std::int64_t us, bool zoned, std::string& out)
      : parts_(split_time(us)), zoned_(zoned), out_(out) {}

  void print(const Entry& entry, bool fill_mode) {
    fill_mode_ = fill_mode;
    if (print_number(entry)) return;
    print_word(entry);
  }
  // The ending of an English ordinal behind the number printed last.
  void print_ordinal(bool capital, std::size_t number_at) {
    const std::string_view number = std::string_view(out_).substr(number_at);
    if (number.empty()) return;
    const char last = number.back();
    const bool teen = number.size() > 1 && number[number.size() - 2] == '1';
    const char* ending = "th";
    if (!teen && last == '1') ending = "st";
    if (!teen && last == '2') ending = "nd";
    if (!teen && last == '3') ending = "rd";
    for (const char* p = ending; *p != '\0'; ++p) out_ += capital ? upper(*p) : *p;
  }

 private:
  void number(std::int64_t value, int digits) {
    if (fill_mode_) digits = 0;
    if (value < 0) {
      out_ += '-';
      value = -value;
    }
    fmt::format_to(std::back_inserter(out_), "{:0{}}", value, std::max(digits, 1));
  }
  // The last digits of a year, all of them for YYYY.
  void year(std::int64_t value, int digits) {
    const std::int64_t counted = value > 0 ? value : 1 - value;
    constexpr std::int64_t kCut[] = {1, 10, 100, 1000};
    number(digits == 4 ? counted : counted % kCut[digits], digits);
  }
  void word(std::string_view text, Letters letters, std::size_t width) {
    for (const char c : text) {
      out_ += letters == Letters::Upper ? upper(c) : (letters == Letters::Lower ? lower(c) : c);
    }
    if (!fill_mode_ && text.size() < width) out_.append(width - text.size(), ' ');
  }
  [[nodiscard]] std::int64_t hour() const { return parts_.us_of_day / kUsPerHour; }
  [[nodiscard]] std::int64_t fraction() const { return parts_.us_of_day % kUsPerSecond; }

  bool print_number(const Entry& entry);
  void print_word(const Entry& entry);

  TimeParts parts_;
  bool zoned_;
  std::string& out_;
  bool fill_mode_ = false;
};

// long: one case a pattern
bool TimePrinter::print_number(const Entry& entry) {
  const int digits = entry.digits;
  const CivilDate& date = parts_.date;
  switch (entry.pattern) {
    case Pattern::Century:
      number(static_cast<std::int64_t>(part_of_timestamp(parts_.days * kUsPerDay, TimeField::Century) /
                                       1'000'000),
             digits);
      return true;
    case Pattern::DayOfYear:
      number(day_of_year(parts_), digits);
      return true;
    case Pattern::DayOfMonth:
      number(date.day, digits);
      return true;
    case Pattern::DayNumber:
      number(day_of_week(parts_.days) + 1, digits);
      return true;
    case Pattern::Fraction: {
      constexpr std::int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1000, 100, 10, 1};
      fmt::format_to(std::back_inserter(out_), "{:0{}}", fraction() / kUnits[digits], digits);
      return true;
    }
    case Pattern::Millisecond:
      fmt::format_to(std::back_inserter(out_), "{:03}", fraction() / 1000);
      return true;
    case Pattern::Microsecond:
      fmt::format_to(std::back_inserter(out_), "{:06}", fraction());
      return true;
    case Pattern::Hour24:
      number(hour(), digits);
      return true;
    case Pattern::Hour12:
      number(hour() % 12 == 0 ? 12 : hour() % 12, digits);
      return true;
    case Pattern::Minute:
      number(parts_.us_of_day / kUsPerMinute % 60, digits);
      return true;
    case Pattern::Second:
      number(parts_.us_of_day / kUsPerSecond % 60, digits);
      return true;
    case Pattern::SecondOfDay:
      number(parts_.us_of_day / kUsPerSecond, digits);
      return true;
    case Pattern::IsoDayOfYear: {
      const IsoWeek week = iso_week(parts_.days);
      number((week.week - 1) * 7 + (day_of_week(parts_.days) + 6) % 7 + 1, digits);
      return true;
    }
    case Pattern::IsoDay:
      number((day_of_week(parts_.days) + 6) % 7 + 1, digits);
      return true;
    case Pattern::IsoWeek:
      number(iso_week(parts_.days).week, digits);
      return true;
    case Pattern::IsoYear:
      year(iso_week(parts_.days).year, digits);
      return true;
    case Pattern::Julian:
      number(static_cast<std::int64_t>(part_of_timestamp(parts_.days * kUsPerDay, TimeField::Julian) /
                                       1'000'000),
             digits);
      return true;
    case Pattern::Month:
      number(date.month, digits);
      return true;
    case Pattern::Quarter:
      number((date.month - 1) / 3 + 1, digits);
      return true;
    case Pattern::WeekOfYear:
      number((day_of_year(parts_) - 1) / 7 + 1, digits);
      return true;
    case Pattern::WeekOfMonth:
      number((date.day - 1) / 7 + 1, digits);
      return true;
    case Pattern::Year:
      year(date.year, digits);
      return true;
    default:
      return false;
  }
}

void TimePrinter::print_word(const Entry& entry) {
  const CivilDate& date = parts_.date;
  const std::string_view weekday = kDays[day_of_week(parts_.days)];
  const std::string_view month = kMonths[date.month - 1];
  constexpr std::size_t kLongestName = 9;
  switch (entry.pattern) {
    case Pattern::EraDots:
      return word(date.year > 0 ? "A.D." : "B.C.", entry.letters, 0);
    case Pattern::Era:
      return word(date.year > 0 ? "AD" : "BC", entry.letters, 0);
    case Pattern::NoonDots:
      return word(hour() >= 12 ? "P.M." : "A.M.", entry.letters, 0);
    case Pattern::Noon:
      return word(hour() >= 12 ? "PM" : "AM", entry.letters, 0);
    case Pattern::Weekday:
      return word(weekday, entry.letters, kLongestName);
    case Pattern::WeekdayShort:
      return word(weekday.substr(0, 3), entry.letters, 0);
    case Pattern::MonthName:
      return word(month, entry.letters, kLongestName);
    case Pattern::MonthShort:
      return word(month.substr(0, 3), entry.letters, 0);
    case Pattern::RomanMonth:
      return word(kRoman[date.month - 1], entry.letters, 4);
    case Pattern::ZoneName:
      return word(zoned_ ? "UTC" : "", entry.letters, 0);
    case Pattern::ZoneHour:
    case Pattern::ZoneOffset:
      return word("+00", Letters::AsIs, 0);
    case Pattern::ZoneMinute:
      return word("00", Letters::AsIs, 0);
    case Pattern::YearComma: {
      const std::int64_t counted = date.year > 0 ? date.year : 1 - date.year;
      fmt::format_to(std::back_inserter(out_), "{},{:03}", counted / 1000, counted % 1000);
      return;
    }
    default:
      return;
  }
}

// Text in double quotes; a backslash takes the next character as it is.
std::size_t copy_quoted(std::string_view pattern, std::size_t at, std::string& out) {
  for (++at; at < pattern.size() && pattern[at] != '"'; ++at) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    out += pattern[at];
  }
  return at + 1;
}

}  // namespace

void append_formatted_time(std::int64_t us, bool zoned, std::string_view pattern, std::string& out) {
  TimePrinter printer(us, zoned, out);
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] == '"') {
      at = copy_quoted(pattern, at, out);
      continue;
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size() && pattern[at + 1] == '"') {
      out += '"';
      at += 2;
      continue;
    }
    std::string_view rest = pattern.substr(at);
    const bool fill_mode = begins(rest, "FM", true);
    if (fill_mode) rest.remove_prefix(2);
    const Entry* const entry = entry_at(rest);
    if (entry == nullptr) {
      if (!fill_mode) out += pattern[at];
      at += fill_mode ? 2 : 1;
      continue;
    }
    rest.remove_prefix(entry->name.size());
    const std::size_t number_at = out.size();
    printer.print(*entry, fill_mode);
    if (entry->digits > 0 && begins(rest, "TH", true)) {
      printer.print_ordinal(rest[0] == 'T', number_at);
      rest.remove_prefix(2);
    }
    at = pattern.size() - rest.size();
  }
}

}  // namespace dart::columnar
