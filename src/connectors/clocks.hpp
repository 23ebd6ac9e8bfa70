#pragma once

#include <cstdint>
#include <functional>

#include "base/time.hpp"

namespace dart::connectors {

/// The clocks that connectors read; handed in by the roof, so that tests can drive the time.
struct Clocks {
  std::function<TimePoint()> monotonic;   ///< the same clock as the `now` of Source::read
  std::function<std::int64_t()> wall_us;  ///< microseconds since 1970-01-01
};

/// CLOCK_MONOTONIC and CLOCK_REALTIME.
[[nodiscard]] Clocks system_clocks();

}  // namespace dart::connectors
