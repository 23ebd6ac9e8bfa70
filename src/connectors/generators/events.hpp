#pragma once

#include <cstdint>

#include "base/random.hpp"

namespace dart::connectors {

/// Row i (from 0) of the benchmark stream `events`: 100,000 rows per second of event time, in order, 1,000
/// uniform keys, values uniform in [0, 100). A pure function of i, so that any part can be made anywhere.
struct Event {
  static constexpr std::int64_t kSpacingUs = 10;
  static constexpr std::int64_t kKeys = 1000;

  std::int64_t ts = 0;
  std::int64_t key = 0;
  double value = 0;
  std::int64_t id = 0;
};

[[nodiscard]] constexpr Event event_at(std::uint64_t i) {
  const std::uint64_t h = mix64(i);
  return {Event::kSpacingUs * static_cast<std::int64_t>(i),
          static_cast<std::int64_t>(((h >> 32) * static_cast<std::uint64_t>(Event::kKeys)) >> 32),
          static_cast<double>(h & 0xFFFFF) * 100.0 / 1048576.0, static_cast<std::int64_t>(i)};
}

}  // namespace dart::connectors
