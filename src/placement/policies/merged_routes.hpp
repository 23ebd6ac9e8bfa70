#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "placement/policy.hpp"

namespace dart::placement {

/// A node between some readers and the root of their query's key.
struct Junction {
  const Hop* hop = nullptr;         ///< as the first route that came by wrote it down
  std::optional<std::size_t> next;  ///< the junction after it, by index; nothing: the root is next
};

/// The ways of readers put together: where two meet they go on as one, so that each junction has one way on
/// and all end at the root.
struct MergedRoutes {
  std::vector<Junction> junctions;
  /// By route: where it enters. Nothing when the root is next to the reader, and for routes left out.
  std::vector<std::optional<std::size_t>> entry;
};

/// Merges those of `routes` whose index is in `which`, in that order. Loops in a route, its reader's own node
/// and the root are no junctions.
[[nodiscard]] MergedRoutes merge_routes(std::span<const Route> routes, std::span<const std::size_t> which);

}  // namespace dart::placement
