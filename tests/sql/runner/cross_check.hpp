#pragma once

#include <string>

#include "engine/connector.hpp"
#include "plan/plan.hpp"
#include "support/memory_connectors.hpp"

namespace dart::sql_test {

/// Runs the plan by the naive executor too, over what its sources read: empty when the rows of all sinks in
/// `outputs` (by table) sum up to the same, otherwise what differs.
[[nodiscard]] std::string cross_check(const plan::Plan& plan, engine::ConnectorFactory& connectors,
                                      const std::map<std::string, std::vector<support::Written>>& outputs);

}  // namespace dart::sql_test
