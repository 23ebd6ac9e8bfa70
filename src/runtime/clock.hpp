#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace dart::runtime {

/// The monotonic clock in nanoseconds since an arbitrary start.
[[nodiscard]] std::int64_t monotonic_ns();
/// The same clock as everything below the runtime is handed it.
[[nodiscard]] TimePoint now();
/// The wall clock in microseconds since 1970.
[[nodiscard]] std::int64_t wall_us();
/// What to add to a time of the monotonic clock, which other machines do not share, for one of the wall
/// clock.
[[nodiscard]] Duration wall_ahead();
/// Processor time that this process has used, in microseconds.
[[nodiscard]] std::int64_t process_cpu_us();

}  // namespace dart::runtime
