#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/int128.hpp"
#include "columnar/civil.hpp"

namespace dart::columnar {

/// What date_part, extract and date_trunc can be asked for.
enum class TimeField : std::uint8_t {
  Microseconds,
  Milliseconds,
  Second,
  Minute,
  Hour,
  Day,
  Week,
  Month,
  Quarter,
  Year,
  Decade,
  Century,
  Millennium,
  Epoch,
  DayOfWeek,
  IsoDayOfWeek,
  DayOfYear,
  IsoYear,
  Julian,
  Timezone,
};

/// By PostgreSQL's names and abbreviations, any case; empty when there is no such field.
[[nodiscard]] std::optional<TimeField> time_field(std::string_view name);

/// Julian day of 1970-01-01.
inline constexpr std::int64_t kJulianEpoch = 2440588;

/// The parts of a finite timestamp.
struct TimeParts {
  std::int64_t days = 0;  ///< since 1970-01-01
  CivilDate date;
  std::int64_t us_of_day = 0;
};
[[nodiscard]] TimeParts split_time(std::int64_t us);

/// A week of ISO 8601: it begins on Monday, and week 1 has the year's first Thursday.
struct IsoWeek {
  std::int64_t year = 0;
  int week = 0;
};
[[nodiscard]] IsoWeek iso_week(std::int64_t days);
[[nodiscard]] int day_of_year(const TimeParts& parts);

/// The part of a finite timestamp, in millionths of its unit (day 3 is 3'000'000); decades and centuries
/// count as in PostgreSQL, where there is no year 0.
[[nodiscard]] int128 part_of_timestamp(std::int64_t us, TimeField field);
/// The same for an interval; empty when intervals have no such field.
[[nodiscard]] std::optional<int128> part_of_interval(std::int64_t us, TimeField field);

/// The start of the unit that a finite timestamp is in; false when it is out of range.
[[nodiscard]] bool truncate_timestamp(std::int64_t us, TimeField unit, std::int64_t& out);
/// Whether date_trunc knows the unit.
[[nodiscard]] bool is_truncation_unit(TimeField field);

}  // namespace dart::columnar
