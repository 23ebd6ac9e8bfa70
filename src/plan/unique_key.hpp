#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "plan/plan.hpp"

namespace dart::plan {

/// Columns of a changelog's rows that no two rows alive after a step share: the keys of a GROUP BY, the
/// partition of a DISTINCT ON. Then rows have weights of 1 and -1 only, and within a step the row that leaves
/// comes before the one that takes its place. No columns: there is one row at most. Empty: nothing is known.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> unique_key(const Plan& plan, NodeId node);

/// By output column of a node: whether a change in it alone can never be seen, because all that reads it is
/// an emission on change that ignores it.
[[nodiscard]] std::vector<bool> unseen_columns(const Plan& plan, NodeId node);

}  // namespace dart::plan
