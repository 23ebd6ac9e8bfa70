#pragma once

#include <string_view>

namespace dart::apps {

/// What `dart bench control --write` wrote on the machine that its first lines name:
/// src/apps/sim/measured_costs.txt.
[[nodiscard]] std::string_view measured_costs_text();

}  // namespace dart::apps
