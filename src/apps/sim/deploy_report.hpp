#pragma once

#include <string>
#include <vector>

#include "apps/sim/cost.hpp"
#include "sim/deploy_experiment.hpp"

namespace dart::apps {

/// Runs of the same experiment: of one or more seeds, each with one or more policies.
using DeployReports = std::vector<sim::DeployReport>;

/// One line of JSON: the runs, then the mean of each policy over its seeds.
[[nodiscard]] std::string deploy_json(const DeployReports& reports, const Cost& cost);
/// A short text for people.
[[nodiscard]] std::string deploy_text(const DeployReports& reports, const Cost& cost);

}  // namespace dart::apps
