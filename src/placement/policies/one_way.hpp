#pragma once

#include <cstdint>

#include "placement/policy.hpp"

namespace dart::placement {

/// Taken between nodes of which one never measured anything.
inline constexpr std::int64_t kUnknownWayUs = 50'000;

/// The delay from one node to another by their coordinates: half a round trip, in microseconds.
[[nodiscard]] inline std::int64_t one_way_us(const Candidate& from, const Candidate& to) {
  if (from.node.id == to.node.id) return 0;
  if (!from.coordinate.known() || !to.coordinate.known()) return kUnknownWayUs;
  return from.coordinate.round_trip(to.coordinate).us / 2;
}

}  // namespace dart::placement
