#pragma once

#include <vector>

#include "plan/plan.hpp"

namespace dart::plan {

/// Which scans' rows have to be put into one order: by node, for a Scan the least Scan whose rows meet its
/// own in an operator that walks by steps (itself: it stands alone).
[[nodiscard]] std::vector<NodeId> scans_in_one_order(const Plan& plan);
/// The same for rows that meet in any operator with several inputs: there the least watermark counts.
[[nodiscard]] std::vector<NodeId> scans_that_meet(const Plan& plan);

}  // namespace dart::plan
