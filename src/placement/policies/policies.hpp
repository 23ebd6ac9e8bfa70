#pragma once

#include "placement/policy.hpp"

namespace dart::placement {

/// DART's (ATC'21): the hash alone chooses. An operator on every node of every reader's way, the sink at the
/// root of the query's key; a leaf of a node stands in where it refuses.
[[nodiscard]] const Policy& route_policy();
/// The default: among the nodes of the ways and their leaf sets, those with the least estimated cost.
[[nodiscard]] const Policy& cost_policy();
/// A baseline: as many instances as `route`, each on any node that was seen.
[[nodiscard]] const Policy& random_policy();
/// A baseline: all on the root, readers excepted. All queries of this policy have one scheduler.
[[nodiscard]] const Policy& central_policy();

}  // namespace dart::placement
