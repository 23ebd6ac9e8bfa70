#pragma once

#include "plan/plan.hpp"

namespace dart::plan {

/// The plan that is run: the same rows at every sink, by less work. Takes a plan whose inputs and types are
/// right; its `weighted` and `stepped` marks need not be, they are set here. Tables stay where they are;
/// nodes are renumbered, and those that no sink reads go. Each rule is one file of
/// plan/rewrite/.
[[nodiscard]] Plan optimize(Plan plan);

}  // namespace dart::plan
