#pragma once

#include <cstdint>
#include <vector>

#include "placement/plan_record.hpp"
#include "sim/world.hpp"

namespace dart::sim {

/// The query that experiments place: a sum over the rows of some readers, partial sums joined on the way.
[[nodiscard]] placement::QuerySpec app_spec(std::string name);

/// How operators are spread over nodes.
struct OperatorSpread {
  std::vector<std::uint32_t> nodes_with;  ///< nodes that host so many, from 0 on
  double below_3_percent = 0;             ///< of all nodes
  double below_4_percent = 0;
  std::uint32_t busiest = 0;
  std::uint64_t operators = 0;
};
[[nodiscard]] OperatorSpread spread_of(const std::vector<std::uint32_t>& operators_by_node);

/// The true delay from each reader to the end of its query, by all links between; those that are away left
/// out.
[[nodiscard]] std::vector<std::int64_t> ways_to_sink(const World& world,
                                                     const std::vector<placement::Placed>& placed);

}  // namespace dart::sim
