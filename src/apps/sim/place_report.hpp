#pragma once

#include <string>
#include <vector>

#include "apps/sim/cost.hpp"
#include "sim/place_experiment.hpp"

namespace dart::apps {

/// One line of JSON.
[[nodiscard]] std::string place_json(const sim::PlaceReport& report, const Cost& cost);
/// A short text for people.
[[nodiscard]] std::string place_text(const sim::PlaceReport& report, const Cost& cost);

/// The same of several seeds: the object of each in "runs", the mean of each policy in "means".
[[nodiscard]] std::string places_json(const std::vector<sim::PlaceReport>& reports, const Cost& cost);
/// Means alone, and of the busiest node the highest.
[[nodiscard]] std::string places_text(const std::vector<sim::PlaceReport>& reports, const Cost& cost);

}  // namespace dart::apps
