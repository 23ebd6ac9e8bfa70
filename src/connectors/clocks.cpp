#include "connectors/clocks.hpp"

#include <chrono>

namespace dart::connectors {

namespace {

template <class Clock>
std::int64_t microseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

Clocks system_clocks() {
  return {[] { return TimePoint{microseconds<std::chrono::steady_clock>()}; },
          [] { return microseconds<std::chrono::system_clock>(); }};
}

}  // namespace dart::connectors
