#pragma once

#include <string>

#include "sim/route_experiment.hpp"

namespace dart::apps {

/// What the process itself needed for an experiment.
struct Cost {
  double wall_s = 0;
  double peak_rss_mb = 0;
};

/// One JSON object; the members are listed in docs/sim.md.
[[nodiscard]] std::string route_json(const sim::RouteReport& report, const Cost& cost);
/// The same for people.
[[nodiscard]] std::string route_text(const sim::RouteReport& report, const Cost& cost);
/// One line a request: the machines of its path.
[[nodiscard]] std::string path_lines(const sim::RouteReport& report);

}  // namespace dart::apps
