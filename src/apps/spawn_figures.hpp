#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "runtime/ring/spawn.hpp"
#include "sim/path_figures.hpp"

namespace dart::apps {

/// What the requests of a spawned ring met with.
struct SpawnFigures {
  sim::PathFigures paths;
  double loaded_share = 0;  ///< of all nodes, those on some level beyond the first
  std::int64_t delay_median_us = 0;
  std::int64_t delay_p99_us = 0;
  sim::Stretch stretch;  ///< of paths of at least one hop whose direct way was measured
};

[[nodiscard]] SpawnFigures figures_of(const runtime::SpawnReport& report);
/// Reasons with counts, those that happened.
[[nodiscard]] nlohmann::ordered_json dropped_json(const runtime::NetCounters& net);

}  // namespace dart::apps
