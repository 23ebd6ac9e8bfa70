#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "columnar/decimal.hpp"
#include "columnar/functions/bind.hpp"
#include "columnar/functions/lists.hpp"
#include "columnar/functions/time_fields.hpp"
#include "columnar/functions/to_char.hpp"
#include "columnar/kernels.hpp"

namespace dart::columnar {
namespace {

constexpr const char* kTimestampRange = "timestamp out of range";
constexpr const char* kUnknownUnit = "timestamp units not recognized";
constexpr const char* kUnsupportedUnit = "timestamp units not supported";
constexpr const char* kZone = "only the time zone UTC is supported";

struct FieldState {
  std::optional<TimeField> field;  ///< absent: it differs by row
  LogicalType source;
  int scale = 0;
};

// The field of a row; the name is looked up once when it is a literal.
const char* field_of(const FieldState& state, const StringRef& name, TimeField& field) {
  const std::optional<TimeField> found = state.field ? state.field : time_field(name.view());
  if (!found) return kUnknownUnit;
  field = *found;
  return nullptr;
}

bool is_utc(std::string_view zone) {
  std::string upper;
  for (const char c : zone) upper += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return upper == "UTC" || upper == "GMT" || upper == "Z" || upper == "ETC/UTC" || upper == "UCT";
}

// The field of a literal name; the name of an unknown one is an error at once.
Result<FieldState> field_state(Types types, Constants constants) {
  FieldState state{std::nullopt, types[1], 6};
  const Value* const name = known(constants, 0);
  if (name == nullptr) return state;
  state.field = time_field(name->text());
  if (!state.field) {
    return fail(ErrorCode::Binding,
                fmt::format("unit \"{}\" not recognized for type {}", name->text(), to_string(types[1])));
  }
  return state;
}

// Digits behind the point of extract's result.
int scale_of(TimeField field) {
  switch (field) {
    case TimeField::Second:
    case TimeField::Epoch:
    case TimeField::Julian:
      return 6;
    case TimeField::Milliseconds:
      return 3;
    default:
      return 0;
  }
}

const char* part_of(std::int64_t us, TimeField field, LogicalType source, int128& millionths) {
  if (source.id == TypeId::Interval) {
    const std::optional<int128> part = part_of_interval(us, field);
    if (!part) return kUnsupportedUnit;
    millionths = *part;
    return nullptr;
  }
  if (field == TimeField::Timezone && source.id == TypeId::Timestamp) return kUnsupportedUnit;
  millionths = part_of_timestamp(us, field);
  return nullptr;
}

void extract_kernel(const KernelCall& call) {
  const FieldState& state = state_of<FieldState>(call);
  const int128 divisor = power_of_ten(6 - state.scale);
  each_row<int128, StringRef, std::int64_t>(
      call, [&](int128& r, const StringRef& name, std::int64_t us) -> const char* {
        TimeField field{};
        if (const char* const reason = field_of(state, name, field)) return reason;
        if (state.source.is_time() && !is_finite_time(us)) return "cannot extract from an infinite timestamp";
        if (const char* const reason = part_of(us, field, state.source, r)) return reason;
        r = divide_rounded(r, divisor);
        return nullptr;
      });
}

Result<BoundFunction> bind_extract(Types types, Constants constants) {
  DART_TRY(FieldState state, field_state(types, constants));
  if (state.field) state.scale = scale_of(*state.field);
  return bound_with(LogicalType::numeric(19 + state.scale, state.scale), extract_kernel, state);
}

void date_part_kernel(const KernelCall& call) {
  const FieldState& state = state_of<FieldState>(call);
  each_row<double, StringRef, std::int64_t>(
      call, [&](double& r, const StringRef& name, std::int64_t us) -> const char* {
        TimeField field{};
        if (const char* const reason = field_of(state, name, field)) return reason;
        if (state.source.is_time() && !is_finite_time(us)) {
          // What grows without end is infinite, what comes again every year is unknown.
          if (field < TimeField::Year || (field > TimeField::Epoch && field < TimeField::IsoYear)) {
            return "cannot extract from an infinite timestamp";
          }
          r = us < 0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
          return nullptr;
        }
        int128 millionths = 0;
        if (const char* const reason = part_of(us, field, state.source, millionths)) return reason;
        if (field == TimeField::Julian) {
          // A double shows more of the day's fraction than millionths.
          const TimeParts parts = split_time(us);
          r = static_cast<double>(parts.days + kJulianEpoch) +
              static_cast<double>(parts.us_of_day) / static_cast<double>(kUsPerDay);
          return nullptr;
        }
        r = static_cast<double>(millionths) / 1e6;
        return nullptr;
      });
}

Result<BoundFunction> bind_date_part(Types types, Constants constants) {
  DART_TRY(FieldState state, field_state(types, constants));
  return bound_with(LogicalType::of(TypeId::Double), date_part_kernel, state);
}

const char* truncate(std::int64_t us, TimeField unit, LogicalType type, std::int64_t& r) {
  if (!is_truncation_unit(unit)) return kUnsupportedUnit;
  if (type.id != TypeId::Interval) {
    r = us;
    return !is_finite_time(us) || truncate_timestamp(us, unit, r) ? nullptr : kTimestampRange;
  }
  constexpr std::int64_t kSteps[] = {1, 1000, kUsPerSecond, kUsPerMinute, kUsPerHour, kUsPerDay};
  if (unit == TimeField::Week) return kUnsupportedUnit;
  // An interval has no months: nothing is left at the larger units.
  r = unit > TimeField::Day ? 0 : us - us % kSteps[static_cast<std::size_t>(unit)];
  return nullptr;
}

void date_trunc_kernel(const KernelCall& call) {
  const FieldState& state = state_of<FieldState>(call);
  each_row<std::int64_t, StringRef, std::int64_t>(
      call, [&](std::int64_t& r, const StringRef& name, std::int64_t us) -> const char* {
        TimeField unit{};
        if (const char* const reason = field_of(state, name, unit)) return reason;
        return truncate(us, unit, state.source, r);
      });
}

Result<BoundFunction> bind_date_trunc(Types types, Constants constants) {
  if (const Value* const zone = known(constants, 2); zone != nullptr && !is_utc(zone->text())) {
    return fail(ErrorCode::Unsupported, kZone);
  }
  if (types.size() == 3 && known(constants, 2) == nullptr) return fail(ErrorCode::Unsupported, kZone);
  DART_TRY(FieldState state, field_state(types, constants));
  return bound_with(types[1], date_trunc_kernel, state);
}

void date_bin_kernel(const KernelCall& call) {
  each_row<std::int64_t, std::int64_t, std::int64_t, std::int64_t>(
      call, [](std::int64_t& r, std::int64_t stride, std::int64_t us, std::int64_t origin) -> const char* {
        r = us;
        if (!is_finite_time(us)) return nullptr;
        if (!is_finite_time(origin)) return "origin out of range";
        if (stride <= 0) return "stride must be greater than zero";
        std::int64_t distance = 0;
        if (__builtin_sub_overflow(us, origin, &distance)) return "interval out of range";
        const std::int64_t over = distance % stride;
        return __builtin_sub_overflow(us, over < 0 ? over + stride : over, &r) ? kTimestampRange : nullptr;
      });
}

void to_timestamp_kernel(const KernelCall& call) {
  each_row<std::int64_t, double>(call, [](std::int64_t& r, double seconds) -> const char* {
    if (std::isnan(seconds)) return "timestamp cannot be NaN";
    if (std::isinf(seconds)) {
      r = seconds < 0 ? kTimestampMinusInfinity : kTimestampInfinity;
      return nullptr;
    }
    const double us = std::nearbyint(seconds * 1e6);
    if (!(us > -0x1p63 && us < 0x1p63)) return kTimestampRange;
    r = static_cast<std::int64_t>(us);
    return nullptr;
  });
}

void make_timestamp_kernel(const KernelCall& call) {
  using I = std::int64_t;
  each_row<I, I, I, I, I, I, double>(
      call, [](I& r, I year, I month, I day, I hour, I minute, double second) -> const char* {
        if (year == 0 || month < 1 || month > 12) return "date field value out of range";
        const I civil_year = year < 0 ? year + 1 : year;
        if (day < 1 || day > days_in_month(civil_year, static_cast<int>(month)))
          return "date field value out of range";
        const bool fits = hour >= 0 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
        const double us_of_minute = std::nearbyint(second * 1e6);
        if (!fits || hour > 24) return "time field value out of range";
        const I us_of_day = hour * kUsPerHour + minute * kUsPerMinute + static_cast<I>(us_of_minute);
        if (us_of_day > kUsPerDay) return "time field value out of range";
        const I days = days_from_civil(civil_year, static_cast<int>(month), static_cast<int>(day));
        return timestamp_from_days(days, us_of_day, r) ? nullptr : kTimestampRange;
      });
}

void make_interval_kernel(const KernelCall& call) {
  using I = std::int64_t;
  each_row<I, I, I, I, I, I, I, double>(
      call, [](I& r, I years, I months, I weeks, I days, I hours, I minutes, double seconds) -> const char* {
        if (years != 0 || months != 0) return "months and years in an interval are not supported";
        const double us = std::nearbyint(seconds * 1e6);
        if (!(std::fabs(us) < 0x1p62)) return "interval out of range";
        const int128 sum = static_cast<int128>(weeks * 7 + days) * kUsPerDay + hours * kUsPerHour +
                           minutes * kUsPerMinute + static_cast<I>(us);
        r = static_cast<I>(sum);
        return r == sum ? nullptr : "interval out of range";
      });
}

// Two periods, each from its earlier to its later end without that; one instant counts as a period.
bool overlap(std::int64_t start_a, std::int64_t end_a, std::int64_t start_b, std::int64_t end_b) {
  if (start_a > end_a) std::swap(start_a, end_a);
  if (start_b > end_b) std::swap(start_b, end_b);
  if (start_a == start_b) return true;
  return start_a > start_b ? start_a < end_b : start_b < end_a;
}

// The second and the fourth argument are times, or lengths to be added.
template <bool lengths>
void overlaps_kernel(const KernelCall& call) {
  using I = std::int64_t;
  each_row<std::uint8_t, I, I, I, I>(
      call, [](std::uint8_t& r, I start_a, I a, I start_b, I b) -> const char* {
        if (lengths && (__builtin_add_overflow(start_a, a, &a) || __builtin_add_overflow(start_b, b, &b))) {
          return kTimestampRange;
        }
        r = static_cast<std::uint8_t>(overlap(start_a, a, start_b, b));
        return nullptr;
      });
}

void same_kernel(const KernelCall& call) {
  map_unary<std::int64_t, std::int64_t>(call, [](std::int64_t a) { return a; });
}

void is_finite_kernel(const KernelCall& call) {
  map_unary<std::uint8_t, std::int64_t>(
      call, [](std::int64_t us) { return static_cast<std::uint8_t>(is_finite_time(us)); });
}

void always_finite_kernel(const KernelCall& call) {
  map_unary<std::uint8_t, std::int64_t>(call, [](std::int64_t) { return std::uint8_t{1}; });
}

// AT TIME ZONE 'UTC': the same microseconds with or without a zone.
void zone_kernel(const KernelCall& call) {
  each_row<std::int64_t, StringRef, std::int64_t>(
      call, [](std::int64_t& r, const StringRef& zone, std::int64_t us) -> const char* {
        r = us;
        return is_utc(zone.view()) ? nullptr : kZone;
      });
}

template <TypeId result>
Result<BoundFunction> bind_zone(Types, Constants constants) {
  if (const Value* const zone = known(constants, 0); zone != nullptr && !is_utc(zone->text())) {
    return fail(ErrorCode::Unsupported, fmt::format("time zone \"{}\" is not supported", zone->text()),
                std::nullopt, "only UTC is");
  }
  return BoundFunction{LogicalType::of(result), zone_kernel, nullptr, true};
}

// As PostgreSQL: NULL for an infinite time, which has no parts to print, and for an empty pattern.
void to_char_kernel(const KernelCall& call) {
  const Vector& times = *call.arguments[0];
  const Vector& patterns = *call.arguments[1];
  const bool zoned = times.type().id == TypeId::TimestampTz;
  auto* const out = call.out.mutable_data<StringRef>();
  std::string text;
  for (std::size_t row = 0; row < call.rows; ++row) {
    out[row] = StringRef{};
    if (call.out.is_null(row)) continue;
    const std::int64_t us = times.at<std::int64_t>(row);
    if (!is_finite_time(us) || patterns.at<StringRef>(row).size() == 0) {
      call.out.set_null(row);
      continue;
    }
    text.clear();
    append_formatted_time(us, zoned, patterns.at<StringRef>(row).view(), text);
    out[row] = call.out.heap().add(text);
  }
}

void add_parts(std::vector<ScalarFunction>& list) {
  using enum TypeId;
  for (const TypeId source : {Timestamp, TimestampTz, Interval}) {
    list.push_back({"extract", {Text, source}, false, bind_extract, "a part of a time, exact"});
    list.push_back(
        {"date_part", {Text, source}, false, bind_date_part, "a part of a time, as double precision"});
    list.push_back(
        {"date_trunc", {Text, source}, false, bind_date_trunc, "the start of the unit that it is in"});
  }
  list.push_back(
      {"date_trunc", {Text, TimestampTz, Text}, false, bind_date_trunc, "the start of the unit in a zone"});
}

std::vector<ScalarFunction> make_list() {
  using enum TypeId;
  std::vector<ScalarFunction> list;
  add_parts(list);
  const auto add = [&](std::string_view name, std::vector<TypeId> types, auto bind,
                       std::string_view summary) {
    list.push_back({name, std::move(types), false, bind, summary});
  };
  constexpr std::string_view kBin = "the start of the stride, counted from an origin, that it is in";
  add("date_bin", {Interval, Timestamp, Timestamp}, bind_plain<date_bin_kernel, Timestamp>, kBin);
  add("date_bin", {Interval, TimestampTz, TimestampTz}, bind_plain<date_bin_kernel, TimestampTz>, kBin);
  add("to_timestamp", {Double}, bind_plain<to_timestamp_kernel, TimestampTz>, "seconds since 1970 as a time");
  add("make_timestamp", {Int, Int, Int, Int, Int, Double}, bind_plain<make_timestamp_kernel, Timestamp>,
      "from year, month, day, hour, minute, second");
  add("make_timestamptz", {Int, Int, Int, Int, Int, Double}, bind_plain<make_timestamp_kernel, TimestampTz>,
      "from year, month, day, hour, minute, second in UTC");
  add("make_interval", {Int, Int, Int, Int, Int, Int, Double}, bind_plain<make_interval_kernel, Interval>,
      "from years and months (0), weeks, days, hours, minutes, seconds");
  add("justify_hours", {Interval}, bind_plain<same_kernel, Interval>, "the same: 24 hours are a day already");
  for (const TypeId time : {Timestamp, TimestampTz}) {
    add("overlaps", {time, time, time, time}, bind_plain<overlaps_kernel<false>, Bool>,
        "whether two periods meet");
    add("overlaps", {time, Interval, time, Interval}, bind_plain<overlaps_kernel<true>, Bool>,
        "whether two periods meet");
  }
  add("isfinite", {Timestamp}, bind_plain<is_finite_kernel, Bool>, "neither infinity nor -infinity");
  add("isfinite", {TimestampTz}, bind_plain<is_finite_kernel, Bool>, "neither infinity nor -infinity");
  add("isfinite", {Interval}, bind_plain<always_finite_kernel, Bool>, "always true");
  add("timezone", {Text, Timestamp}, bind_zone<TimestampTz>, "AT TIME ZONE 'UTC'");
  add("timezone", {Text, TimestampTz}, bind_zone<Timestamp>, "AT TIME ZONE 'UTC'");
  add("to_char", {Timestamp, Text}, bind_plain<to_char_kernel, Text>,
      "printed by a pattern (YYYY-MM-DD HH24:MI)");
  add("to_char", {TimestampTz, Text}, bind_plain<to_char_kernel, Text>,
      "printed by a pattern (YYYY-MM-DD HH24:MI)");
  return list;
}

}  // namespace

std::span<const ScalarFunction> time_functions() {
  static const std::vector<ScalarFunction> kList = make_list();
  return kList;
}

}  // namespace dart::columnar
