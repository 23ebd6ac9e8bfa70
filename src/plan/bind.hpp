#pragma once

#include "plan/plan.hpp"

namespace dart::plan {

/// Chooses the aggregates of an Aggregate or Over node anew by their names and the types of their arguments,
/// in the form that takes rows out again only where that can happen (a changelog below, a moving frame).
/// Other nodes stay as they are. Errors: no such aggregate, or columns that are not there.
[[nodiscard]] Status bind_calls(const Plan& plan, Node& node);

}  // namespace dart::plan
