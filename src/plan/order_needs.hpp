#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.hpp"

namespace dart::plan {

/// What comes of the order of a node's rows.
enum class OrderNeed : std::uint8_t {
  None,   ///< nothing: they are counted, or collected and sorted
  Shown,  ///< a sink writes them in the order in which they come
  Must,   ///< the values of results
};

/// By node. A Must comes of a changelog that somebody sees, of OVER, count_window, first and last, of rows
/// that meet step by step, and of `_seq`.
[[nodiscard]] std::vector<OrderNeed> order_needs(const Plan& plan);

/// The node because of which the order of the scan's rows matters that much; the scan when it is its own
/// `_seq`.
[[nodiscard]] NodeId cause_of_order(const Plan& plan, NodeId scan);

}  // namespace dart::plan
