#pragma once

#include <vector>

#include "base/result.hpp"
#include "plan/plan.hpp"

namespace dart::sql {

/// The plan of these sinks alone, checked and optimised: nodes and tables that they do not need are left out,
/// and late rows of the tables that they read go to their side tables.
[[nodiscard]] Result<plan::Plan> finish(const plan::Plan& whole, const std::vector<plan::NodeId>& sinks,
                                        std::vector<std::uint32_t>& kept_tables);

}  // namespace dart::sql
