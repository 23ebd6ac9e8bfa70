#include "placement/policies/merged_routes.hpp"

#include <algorithm>

namespace dart::placement {

namespace {

/// The hops between a reader and the root, each node once: what lies between two visits of one node is a
/// detour.
std::vector<const Hop*> interior(const Route& route) {
  std::vector<const Hop*> way;
  for (const Hop& hop : route.hops) {
    const auto again = std::find_if(way.begin(), way.end(),
                                    [&](const Hop* it) { return it->self.node.id == hop.self.node.id; });
    way.erase(again == way.end() ? again : again + 1, way.end());
    if (again == way.end()) way.push_back(&hop);
  }
  if (way.size() <= 2) return {};
  return {way.begin() + 1, way.end() - 1};
}

}  // namespace

MergedRoutes merge_routes(std::span<const Route> routes, std::span<const std::size_t> which) {
  MergedRoutes merged;
  merged.entry.resize(routes.size());
  std::vector<std::pair<NodeId, std::size_t>> places;  // by id
  for (const std::size_t index : which) {
    std::optional<std::size_t> before;
    for (const Hop* hop : interior(routes[index])) {
      const NodeId& id = hop->self.node.id;
      const auto at = std::lower_bound(places.begin(), places.end(), std::pair{id, std::size_t{0}});
      const bool met = at != places.end() && at->first == id;
      const std::size_t place = met ? at->second : merged.junctions.size();
      if (!met) {
        places.insert(at, {id, place});
        merged.junctions.push_back({hop, std::nullopt});
      }
      if (before) merged.junctions[*before].next = place;
      if (!before) merged.entry[index] = place;
      if (met) break;  // from here on the way is known
      before = place;
    }
  }
  return merged;
}

}  // namespace dart::placement
