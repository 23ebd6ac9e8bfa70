#pragma once

namespace dart::apps {

/// What the process itself needed for an experiment.
struct Cost {
  double wall_s = 0;
  double peak_rss_mb = 0;
};

}  // namespace dart::apps
