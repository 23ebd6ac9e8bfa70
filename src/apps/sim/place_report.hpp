#pragma once

#include <string>

#include "apps/sim/cost.hpp"
#include "sim/place_experiment.hpp"

namespace dart::apps {

/// One line of JSON.
[[nodiscard]] std::string place_json(const sim::PlaceReport& report, const Cost& cost);
/// A short text for people.
[[nodiscard]] std::string place_text(const sim::PlaceReport& report, const Cost& cost);

}  // namespace dart::apps
