#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/app_figures.hpp"
#include "sim/world.hpp"

namespace dart::sim {

struct PlaceOptions {
  std::uint32_t nodes = 10'000;
  std::uint32_t apps = 500;
  std::uint32_t sources = 4;  ///< readers of each app, on nodes of their own
  std::uint64_t seed = 1;
  overlay::Config config = overlay::lan_profile();
  /// The sink may run anywhere; otherwise on the root of the app's key, whatever the policy.
  bool free_sink = false;
  /// Nobody refuses: what the hash and the routing tables alone would give.
  bool hash_alone = false;
  /// Virtual time between the last join and the first app: coordinates become better.
  Duration settle{30'000'000};
  /// Policies by name; empty: all.
  std::vector<std::string> policies;
  /// Told how many have joined, now and then.
  std::function<void(std::uint32_t)> progress;
};

/// How one policy placed all apps on a ring that ran nothing before.
struct PlaceFigures {
  std::string policy;
  OperatorSpread spread;       ///< Combine and sink instances; readers are none
  std::int64_t median_us = 0;  ///< one way, from a reader to the sink by all links between
  std::int64_t p90_us = 0;
  double mean_us = 0;
  double bytes_per_s = 0;  ///< of one app, on all links
};

struct PlaceReport {
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0;
  std::uint32_t joined = 0;
  std::uint32_t apps = 0;
  std::uint32_t sources = 0;
  bool free_sink = false;
  double hops_mean = 0;               ///< of the readers' ways to the roots
  std::int64_t direct_median_us = 0;  ///< from a reader straight to the root
  std::vector<PlaceFigures> policies;
  std::uint64_t events = 0;
  double virtual_s = 0;
};

/// Joins nodes and lets each policy place the same apps, one after another, each seeing what those before it
/// have taken. An app is a sum over `sources` readers by way of Combine instances: each reader sends 10 rows
/// of 64 bytes a second, a Combine halves them.
[[nodiscard]] PlaceReport run_place(const PlaceOptions& options, std::unique_ptr<DelayModel> delays);

}  // namespace dart::sim
