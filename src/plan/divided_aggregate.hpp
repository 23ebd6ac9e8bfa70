#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.hpp"
#include "plan/source_chain.hpp"

namespace dart::plan {

/// Divides the aggregations of windows that stand directly behind a chain: a Partial goes along to where the
/// table is, as the new end of the chain; where the table has several readers, a Combine stands behind it
/// (SourceChain::combine); the aggregation itself becomes the Final. The plan keeps its meaning. Gives a line
/// for each aggregation of the plan: that it is divided, or why it stays whole.
[[nodiscard]] std::vector<std::string> divide_aggregates(Plan& plan, std::vector<SourceChain>& chains);

/// The calls of a Combine or Final hold states of the calls that made them: bound as those of the node that
/// it reads. An Error when that node does not give out such states.
[[nodiscard]] Status bind_states(const Plan& plan, Node& node);

}  // namespace dart::plan
