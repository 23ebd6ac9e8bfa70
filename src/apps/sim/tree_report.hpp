#pragma once

#include <string>

#include "apps/sim/cost.hpp"
#include "sim/tree_experiment.hpp"

namespace dart::apps {

/// One JSON object; the members are listed in docs/sim.md.
[[nodiscard]] std::string tree_json(const sim::TreeReport& report, const Cost& cost);
/// The same for people.
[[nodiscard]] std::string tree_text(const sim::TreeReport& report, const Cost& cost);

}  // namespace dart::apps
