#pragma once

#include "plan/plan.hpp"

namespace dart::plan {

/// Whether the `_seq` of a scan's rows only puts them in order: it is copied, and used as the key of an order
/// or the position of first and last, but its value is neither computed with nor compared nor written.
[[nodiscard]] bool place_only_orders(const Plan& plan, NodeId scan);

}  // namespace dart::plan
