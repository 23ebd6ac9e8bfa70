#pragma once

#include <string>
#include <string_view>

#include "plan/plan.hpp"

namespace dart::plan {

/// The bytes of a plan, as they travel between nodes. Functions travel by name and types and are bound anew.
[[nodiscard]] std::string encode(const Plan& plan);
/// Wrong bytes in any way give an Error; what is returned has passed Plan::validate.
[[nodiscard]] Result<Plan> decode(std::string_view bytes);

}  // namespace dart::plan
