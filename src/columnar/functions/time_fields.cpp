#include "columnar/functions/time_fields.hpp"

#include <algorithm>
#include <string>

namespace dart::columnar {
namespace {

constexpr int128 kMillion = 1'000'000;

// Years without a year 0, as SQL counts them: 1 BC is -1.
std::int64_t sql_year(std::int64_t year) { return year > 0 ? year : year - 1; }

// The first year after year 1 whose distance is a multiple of `size`: centuries and millennia begin in 1,
// 101, ...
std::int64_t counted_from_one(std::int64_t year, std::int64_t size) {
  return year > 0 ? (year + size - 1) / size : -((size - 1 - (year - 1)) / size);
}

}  // namespace

// long: a table, one entry a name
std::optional<TimeField> time_field(std::string_view name) {
  struct Entry {
    std::string_view name;
    TimeField field;
  };
  using enum TimeField;
  static constexpr Entry kEntries[] = {
      {"us", Microseconds},
      {"usec", Microseconds},
      {"usecs", Microseconds},
      {"usecond", Microseconds},
      {"useconds", Microseconds},
      {"microsecond", Microseconds},
      {"microseconds", Microseconds},
      {"ms", Milliseconds},
      {"msec", Milliseconds},
      {"msecs", Milliseconds},
      {"msecond", Milliseconds},
      {"mseconds", Milliseconds},
      {"millisecond", Milliseconds},
      {"milliseconds", Milliseconds},
      {"s", Second},
      {"sec", Second},
      {"secs", Second},
      {"second", Second},
      {"seconds", Second},
      {"m", Minute},
      {"min", Minute},
      {"mins", Minute},
      {"minute", Minute},
      {"minutes", Minute},
      {"h", Hour},
      {"hr", Hour},
      {"hrs", Hour},
      {"hour", Hour},
      {"hours", Hour},
      {"d", Day},
      {"day", Day},
      {"days", Day},
      {"w", Week},
      {"week", Week},
      {"weeks", Week},
      {"mon", Month},
      {"mons", Month},
      {"month", Month},
      {"months", Month},
      {"qtr", Quarter},
      {"quarter", Quarter},
      {"y", Year},
      {"yr", Year},
      {"yrs", Year},
      {"year", Year},
      {"years", Year},
      {"dec", Decade},
      {"decs", Decade},
      {"decade", Decade},
      {"decades", Decade},
      {"c", Century},
      {"cent", Century},
      {"century", Century},
      {"centuries", Century},
      {"mil", Millennium},
      {"mils", Millennium},
      {"millennium", Millennium},
      {"millennia", Millennium},
      {"epoch", Epoch},
      {"dow", DayOfWeek},
      {"isodow", IsoDayOfWeek},
      {"doy", DayOfYear},
      {"isoyear", IsoYear},
      {"julian", Julian},
      {"jd", Julian},
      {"timezone", Timezone},
      {"timezone_hour", Timezone},
      {"timezone_minute", Timezone},
  };
  std::string lowered(name);
  std::ranges::transform(lowered, lowered.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const Entry& entry : kEntries) {
    if (entry.name == lowered) return entry.field;
  }
  return std::nullopt;
}

TimeParts split_time(std::int64_t us) {
  TimeParts parts;
  parts.days = floor_div(us, kUsPerDay);
  parts.date = civil_from_days(parts.days);
  parts.us_of_day = us - parts.days * kUsPerDay;
  return parts;
}

IsoWeek iso_week(std::int64_t days) {
  // The Thursday of a week lies in the year that the week belongs to.
  const int weekday = (day_of_week(days) + 6) % 7;
  const std::int64_t thursday = days - weekday + 3;
  const std::int64_t year = civil_from_days(thursday).year;
  return {year, static_cast<int>((thursday - days_from_civil(year, 1, 1)) / 7) + 1};
}

int day_of_year(const TimeParts& parts) {
  return static_cast<int>(parts.days - days_from_civil(parts.date.year, 1, 1)) + 1;
}

int128 part_of_timestamp(std::int64_t us, TimeField field) {
  const TimeParts parts = split_time(us);
  const std::int64_t year = parts.date.year;
  using enum TimeField;
  switch (field) {
    case Microseconds:
      return parts.us_of_day % kUsPerMinute * kMillion;
    case Milliseconds:
      return parts.us_of_day % kUsPerMinute * kMillion / 1000;
    case Second:
      return parts.us_of_day % kUsPerMinute;
    case Minute:
      return parts.us_of_day / kUsPerMinute % 60 * kMillion;
    case Hour:
      return parts.us_of_day / kUsPerHour * kMillion;
    case Day:
      return parts.date.day * kMillion;
    case Week:
      return iso_week(parts.days).week * kMillion;
    case Month:
      return parts.date.month * kMillion;
    case Quarter:
      return ((parts.date.month - 1) / 3 + 1) * kMillion;
    case Year:
      return sql_year(year) * kMillion;
    case Decade:
      return floor_div(year, 10) * kMillion;
    case Century:
      return counted_from_one(year, 100) * kMillion;
    case Millennium:
      return counted_from_one(year, 1000) * kMillion;
    case Epoch:
      return us;
    case DayOfWeek:
      return day_of_week(parts.days) * kMillion;
    case IsoDayOfWeek:
      return ((day_of_week(parts.days) + 6) % 7 + 1) * kMillion;
    case DayOfYear:
      return day_of_year(parts) * kMillion;
    case IsoYear:
      return sql_year(iso_week(parts.days).year) * kMillion;
    case Julian:
      return (parts.days + kJulianEpoch) * kMillion + parts.us_of_day * kMillion / kUsPerDay;
    case Timezone:
      return 0;
  }
  return 0;
}

std::optional<int128> part_of_interval(std::int64_t us, TimeField field) {
  const std::int64_t rest = us % kUsPerDay;
  using enum TimeField;
  switch (field) {
    case Microseconds:
      return rest % kUsPerMinute * kMillion;
    case Milliseconds:
      return rest % kUsPerMinute * kMillion / 1000;
    case Second:
      return rest % kUsPerMinute;
    case Minute:
      return rest / kUsPerMinute % 60 * kMillion;
    case Hour:
      return rest / kUsPerHour * kMillion;
    case Day:
      return us / kUsPerDay * kMillion;
    case Epoch:
      return us;
    case Quarter:
      return kMillion;
    case Month:
    case Year:
    case Decade:
    case Century:
    case Millennium:
      return 0;
    default:
      return std::nullopt;
  }
}

bool is_truncation_unit(TimeField field) { return field <= TimeField::Millennium; }

bool truncate_timestamp(std::int64_t us, TimeField unit, std::int64_t& out) {
  const auto multiple = [&](std::int64_t step) {
    out = floor_div(us, step) * step;
    return true;
  };
  const auto year_start = [&](std::int64_t year, int month) {
    return timestamp_from_days(days_from_civil(year, month, 1), 0, out);
  };
  using enum TimeField;
  // Near the least timestamp the start of a unit may lie before it.
  if (us < INT64_MIN + kUsPerDay) return false;
  switch (unit) {
    case Microseconds:
      return multiple(1);
    case Milliseconds:
      return multiple(1000);
    case Second:
      return multiple(kUsPerSecond);
    case Minute:
      return multiple(kUsPerMinute);
    case Hour:
      return multiple(kUsPerHour);
    case Day:
      return multiple(kUsPerDay);
    default:
      break;
  }
  const TimeParts parts = split_time(us);
  const std::int64_t year = parts.date.year;
  switch (unit) {
    case Week:
      return timestamp_from_days(parts.days - (day_of_week(parts.days) + 6) % 7, 0, out);
    case Month:
      return year_start(year, parts.date.month);
    case Quarter:
      return year_start(year, (parts.date.month - 1) / 3 * 3 + 1);
    case Year:
      return year_start(year, 1);
    case Decade:
      return year_start(floor_div(year, 10) * 10, 1);
    case Century:
      return year_start(floor_div(year - 1, 100) * 100 + 1, 1);
    case Millennium:
      return year_start(floor_div(year - 1, 1000) * 1000 + 1, 1);
    default:
      return false;
  }
}

}  // namespace dart::columnar
