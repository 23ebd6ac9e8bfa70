#pragma once

#include <string>

#include "apps/sim/cost.hpp"
#include "sim/churn_experiment.hpp"

namespace dart::apps {

/// One JSON object; the members are those of sim::ChurnReport.
[[nodiscard]] std::string churn_json(const sim::ChurnReport& report, const Cost& cost);
/// The same for people; phases that were not asked for are left out.
[[nodiscard]] std::string churn_text(const sim::ChurnReport& report, const Cost& cost);

}  // namespace dart::apps
