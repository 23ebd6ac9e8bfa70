#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "runtime/ring/spawn.hpp"

namespace dart::apps {

/// How the work of many requests spreads over the nodes. Level 1 is the origin of a path, the last its root.
struct SpawnFigures {
  struct Level {
    std::size_t level = 0;
    std::size_t appearances = 0;
    std::size_t distinct = 0;
    std::size_t max = 0;  ///< of one node
  };
  std::vector<Level> levels;
  std::size_t delivered = 0;
  std::map<std::size_t, std::size_t> hops;  ///< how many paths had so many
  double mean_hops = 0;
  std::size_t max_hops = 0;
  double loaded_share = 0;  ///< of all nodes, those on some level beyond the first
  std::size_t busiest = 0;  ///< appearances of one node beyond level 1
  std::int64_t delay_median_us = 0;
  std::int64_t delay_p99_us = 0;
  std::size_t stretches = 0;  ///< paths of at least one hop whose direct way was measured
  double stretch_median = 0;
  double stretch_p90 = 0;
  double stretch_ratio_of_means = 0;
};

[[nodiscard]] SpawnFigures figures_of(const runtime::SpawnReport& report);
/// Reasons with counts, those that happened.
[[nodiscard]] nlohmann::ordered_json dropped_json(const runtime::NetCounters& net);

}  // namespace dart::apps
