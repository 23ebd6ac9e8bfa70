#include "apps/spawn_figures.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace dart::apps {

namespace {

template <class T>
T rank(std::vector<T>& values, double share) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(share * last)];
}

void add_levels(const runtime::SpawnReport& report, SpawnFigures& figures) {
  std::vector<std::map<NodeId, std::size_t>> counts;
  std::map<NodeId, std::size_t> inner;
  for (const auto& path : report.paths) {
    if (counts.size() < path.nodes.size()) counts.resize(path.nodes.size());
    for (std::size_t i = 0; i < path.nodes.size(); ++i) {
      ++counts[i][path.nodes[i]];
      if (i > 0) ++inner[path.nodes[i]];
    }
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    SpawnFigures::Level level{i + 1, 0, counts[i].size(), 0};
    for (const auto& [node, count] : counts[i]) {
      level.appearances += count;
      level.max = std::max(level.max, count);
    }
    figures.levels.push_back(level);
  }
  for (const auto& [node, count] : inner) figures.busiest = std::max(figures.busiest, count);
  if (!report.ids.empty()) {
    figures.loaded_share = static_cast<double>(inner.size()) / static_cast<double>(report.ids.size());
  }
}

}  // namespace

SpawnFigures figures_of(const runtime::SpawnReport& report) {
  SpawnFigures figures;
  add_levels(report, figures);
  std::vector<std::int64_t> delays;
  std::vector<double> stretches;
  double way_us = 0;
  double direct_us = 0;
  std::size_t all_hops = 0;
  for (const auto& path : report.paths) {
    if (path.nodes.empty()) continue;
    ++figures.delivered;
    const std::size_t hops = path.nodes.size() - 1;
    ++figures.hops[hops];
    all_hops += hops;
    figures.max_hops = std::max(figures.max_hops, hops);
    delays.push_back(path.delay_us);
    if (hops == 0 || path.direct_us <= 0) continue;
    stretches.push_back(static_cast<double>(path.delay_us) / static_cast<double>(path.direct_us));
    way_us += static_cast<double>(path.delay_us);
    direct_us += static_cast<double>(path.direct_us);
  }
  if (figures.delivered > 0) {
    figures.mean_hops = static_cast<double>(all_hops) / static_cast<double>(figures.delivered);
  }
  figures.delay_median_us = rank(delays, 0.5);
  figures.delay_p99_us = rank(delays, 0.99);
  figures.stretches = stretches.size();
  figures.stretch_median = rank(stretches, 0.5);
  figures.stretch_p90 = rank(stretches, 0.9);
  if (direct_us > 0) figures.stretch_ratio_of_means = way_us / direct_us;
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
