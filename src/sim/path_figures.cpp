#include "sim/path_figures.hpp"

namespace dart::sim {

void take_hop(Path& path, std::uint32_t from, std::uint32_t to) {
  while (!path.empty() && path.back() != from) path.pop_back();
  if (path.empty()) path.push_back(from);
  path.push_back(to);
}

PathFigures path_figures(std::span<const Path> paths) {
  PathFigures figures;
  std::uint32_t nodes = 0;
  for (const Path& path : paths) {
    for (const std::uint32_t node : path) nodes = std::max(nodes, node + 1);
  }
  std::vector<std::vector<std::uint64_t>> counts;  // by level, by node
  std::vector<std::uint64_t> beyond_origin(nodes);
  std::uint64_t all_hops = 0;
  for (const Path& path : paths) {
    if (path.empty()) continue;
    ++figures.paths;
    const auto hops = static_cast<std::uint32_t>(path.size() - 1);
    all_hops += hops;
    figures.hops_max = std::max(figures.hops_max, hops);
    if (counts.size() <= hops) {
      counts.resize(hops + 1, std::vector<std::uint64_t>(nodes));
      figures.hops_histogram.resize(hops + 1);
    }
    ++figures.hops_histogram[hops];
    for (std::size_t i = 0; i < path.size(); ++i) {
      ++counts[i][path[i]];
      if (i > 0) ++beyond_origin[path[i]];
    }
  }
  if (figures.paths > 0) {
    figures.hops_mean = static_cast<double>(all_hops) / static_cast<double>(figures.paths);
  }
  for (std::uint32_t i = 0; i < counts.size(); ++i) {
    LevelLoad load;
    load.level = i + 1;
    for (const std::uint64_t count : counts[i]) {
      load.appearances += count;
      load.distinct += count > 0 ? 1U : 0U;
      load.max = std::max(load.max, count);
    }
    figures.levels.push_back(load);
  }
  for (const std::uint64_t count : beyond_origin) {
    figures.loaded += count > 0 ? 1U : 0U;
    figures.busiest = std::max(figures.busiest, count);
  }
  return figures;
}

Stretch stretch_of(std::span<const Way> ways) {
  if (ways.empty()) return {};
  std::vector<double> stretches;
  double taken = 0;
  double direct = 0;
  for (const Way& way : ways) {
    stretches.push_back(way.taken / way.direct);
    taken += way.taken;
    direct += way.direct;
  }
  return {ways.size(), rank(stretches, 0.5), rank(stretches, 0.9), taken / direct};
}

}  // namespace dart::sim
