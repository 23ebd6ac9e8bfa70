#include "apps/spawn_figures.hpp"

#include <map>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace dart::apps {

SpawnFigures figures_of(const runtime::SpawnReport& report) {
  SpawnFigures figures;
  std::map<NodeId, std::uint32_t> numbers;
  std::vector<sim::Path> paths;
  std::vector<sim::Way> ways;
  std::vector<std::int64_t> delays;
  for (const auto& path : report.paths) {
    if (path.nodes.empty()) continue;
    sim::Path& numbered = paths.emplace_back();
    for (const NodeId& node : path.nodes) {
      numbered.push_back(numbers.try_emplace(node, static_cast<std::uint32_t>(numbers.size())).first->second);
    }
    delays.push_back(path.delay_us);
    if (path.nodes.size() < 2 || path.direct_us <= 0) continue;
    ways.push_back({static_cast<double>(path.delay_us), static_cast<double>(path.direct_us)});
  }
  figures.paths = sim::path_figures(paths);
  figures.stretch = sim::stretch_of(ways);
  if (!report.ids.empty()) {
    figures.loaded_share = static_cast<double>(figures.paths.loaded) / static_cast<double>(report.ids.size());
  }
  figures.delay_median_us = sim::rank(delays, 0.5);
  figures.delay_p99_us = sim::rank(std::move(delays), 0.99);
  return figures;
}

nlohmann::ordered_json dropped_json(const runtime::NetCounters& net) {
  nlohmann::ordered_json reasons = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < net.dropped.size(); ++i) {
    if (net.dropped[i] > 0) reasons[name_of(static_cast<runtime::Drop>(i))] = net.dropped[i];
  }
  return reasons;
}

}  // namespace dart::apps
