#pragma once

#include <cstdint>

#include "plan/plan.hpp"

namespace dart::plan {

/// The greatest step, in microseconds, on which all window bounds behind a scan lie; 0 without windows that
/// close.
[[nodiscard]] std::int64_t window_grid(const Plan& plan, NodeId scan);

}  // namespace dart::plan
