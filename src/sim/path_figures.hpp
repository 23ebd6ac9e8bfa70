#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dart::sim {

/// The nodes that a request came by, by number, its origin first.
using Path = std::vector<std::uint32_t>;

/// Notes that `from` sent the request on to `to`. A hop that was given up and taken another way replaces what
/// came after its sender.
void take_hop(Path& path, std::uint32_t from, std::uint32_t to);

/// One place of a path: 1 is the origin, 2 the first hop, and so on.
struct LevelLoad {
  std::uint32_t level = 0;
  std::uint64_t appearances = 0;
  std::uint64_t distinct = 0;
  std::uint64_t max = 0;  ///< of one node
};

/// How long paths are, and how their work spreads over the nodes.
struct PathFigures {
  std::size_t paths = 0;  ///< those that are not empty; the others count for nothing
  double hops_mean = 0;
  std::uint32_t hops_max = 0;
  std::vector<std::uint64_t> hops_histogram;  ///< how many paths had so many
  std::vector<LevelLoad> levels;
  std::size_t loaded = 0;     ///< nodes that stand on a path anywhere but at its origin
  std::uint64_t busiest = 0;  ///< how often one of them does
};
[[nodiscard]] PathFigures path_figures(std::span<const Path> paths);

/// Ways that were taken beside direct ones.
struct Stretch {
  std::size_t ways = 0;
  double median = 0;
  double p90 = 0;
  double ratio_of_means = 0;
};
struct Way {
  double taken = 0;
  double direct = 0;  ///< greater than 0
};
[[nodiscard]] Stretch stretch_of(std::span<const Way> ways);

/// The value at this share (0 to 1) of them once they are sorted; 0 when there are none.
template <class T>
[[nodiscard]] T rank(std::vector<T> values, double share) {
  if (values.empty()) return {};
  const auto place = static_cast<std::size_t>(share * static_cast<double>(values.size()));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(place, values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace dart::sim
