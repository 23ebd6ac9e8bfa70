#pragma once

#include <cstdint>

/// The proleptic Gregorian calendar over days and microseconds since 1970-01-01, by plain arithmetic.
namespace dart::columnar {

inline constexpr std::int64_t kUsPerSecond = 1'000'000;
inline constexpr std::int64_t kUsPerMinute = 60 * kUsPerSecond;
inline constexpr std::int64_t kUsPerHour = 60 * kUsPerMinute;
inline constexpr std::int64_t kUsPerDay = 24 * kUsPerHour;
/// The timestamps `infinity` and `-infinity`.
inline constexpr std::int64_t kTimestampInfinity = INT64_MAX;
inline constexpr std::int64_t kTimestampMinusInfinity = INT64_MIN;

[[nodiscard]] constexpr bool is_finite_time(std::int64_t us) {
  return us != kTimestampInfinity && us != kTimestampMinusInfinity;
}

/// A date; year 0 is 1 BC.
struct CivilDate {
  std::int64_t year = 1970;
  int month = 1;  ///< 1-12
  int day = 1;    ///< 1-31

  friend constexpr bool operator==(const CivilDate&, const CivilDate&) = default;
};

[[nodiscard]] constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

[[nodiscard]] constexpr int days_in_month(std::int64_t year, int month) {
  constexpr std::int8_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

/// Division that rounds towards minus infinity, for a positive divisor.
[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}

/// Days since 1970-01-01; years count from March, so that the leap day is the last one, in eras of 400 years.
[[nodiscard]] constexpr std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = floor_div(y, 400);
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

[[nodiscard]] constexpr CivilDate civil_from_days(std::int64_t days) {
  const std::int64_t z = days + 719468;
  const std::int64_t era = floor_div(z, 146097);
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1)};
}

/// 0 is Sunday.
[[nodiscard]] constexpr int day_of_week(std::int64_t days) {
  return static_cast<int>(days + 4 - 7 * floor_div(days + 4, 7));
}

/// Microseconds since 1970 of a day and a time inside it; false when they do not fit.
[[nodiscard]] constexpr bool timestamp_from_days(std::int64_t days, std::int64_t us_of_day,
                                                 std::int64_t& us) {
  std::int64_t start = 0;
  return !__builtin_mul_overflow(days, kUsPerDay, &start) && !__builtin_add_overflow(start, us_of_day, &us) &&
         is_finite_time(us);
}

static_assert(days_from_civil(1970, 1, 1) == 0 && civil_from_days(0) == CivilDate{1970, 1, 1});
static_assert(days_from_civil(2000, 2, 29) == 11016 && civil_from_days(11016) == CivilDate{2000, 2, 29});

}  // namespace dart::columnar
