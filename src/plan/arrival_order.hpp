#pragma once

#include <cstdint>
#include <optional>

#include "plan/plan.hpp"

namespace dart::plan {

/// For a TopN that keeps the newest row of each partition (one row, by `_seq` descending) of a sliding window
/// over a table whose rows come in order of the window's time: the input column that holds `_seq`. There no
/// row outlives a newer one, so a row that is not the newest can never become it. Empty for any other TopN.
[[nodiscard]] std::optional<std::uint32_t> newest_by(const Plan& plan, const TopN& top, NodeId input);

}  // namespace dart::plan
