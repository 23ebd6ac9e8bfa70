#pragma once

#include <string>

#include "apps/sim/cost.hpp"
#include "sim/route_experiment.hpp"

namespace dart::apps {

/// One JSON object; the members are listed in docs/sim.md.
[[nodiscard]] std::string route_json(const sim::RouteReport& report, const Cost& cost);
/// The same for people.
[[nodiscard]] std::string route_text(const sim::RouteReport& report, const Cost& cost);
/// One line a request: the machines of its path.
[[nodiscard]] std::string path_lines(const sim::RouteReport& report);

}  // namespace dart::apps
