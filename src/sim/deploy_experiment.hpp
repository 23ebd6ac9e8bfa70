#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "placement/plan_record.hpp"
#include "sim/app_figures.hpp"
#include "sim/control_costs.hpp"
#include "sim/processor.hpp"
#include "sim/traffic_meter.hpp"
#include "sim/world.hpp"

namespace dart::sim {

struct DeployOptions {
  std::uint32_t nodes = 10'000;
  std::uint32_t apps = 1000;
  std::uint32_t sources = 4;  ///< readers of each app, on nodes of their own
  std::uint64_t seed = 1;
  /// With `central` one node schedules all apps, makes their plans and runs their operators.
  std::string policy = "cost";
  /// What each app is. Name, policy, and the nodes of its readers and of its sink are filled in.
  placement::QuerySpec app;
  /// The main stage may run anywhere; otherwise on the root of the app's key, whatever the policy.
  bool free_sink = false;
  overlay::Config config = overlay::lan_profile();
  Duration within{0};           ///< apps are handed in over this time; 0: all in one instant
  Duration window{60'000'000};  ///< all traffic is counted for so long, from the first request on
  Duration settle{30'000'000};  ///< virtual time between the last join and the first request
  /// Told how many nodes have joined and how many apps run, now and then.
  std::function<void(std::uint32_t joined, std::uint32_t running)> progress;
};

/// What one kind of message came to until all apps ran.
struct KindTraffic {
  std::string name;
  Traffic traffic;
};

struct DeployReport {
  std::uint64_t seed = 0;
  std::string policy;
  std::uint32_t nodes = 0;
  std::uint32_t joined = 0;
  std::uint32_t apps = 0;
  std::uint32_t sources = 0;
  bool free_sink = false;

  std::uint32_t running = 0;                ///< apps whose submitter was told that they run
  std::uint32_t refused = 0;                ///< apps that were answered with an error, or not at all
  std::string refusal;                      ///< the first of these
  std::vector<std::int64_t> deployment_us;  ///< of those that run: from the request until that was told
  Traffic deploying;                        ///< until all were answered, and a second more; upkeep left out
  std::vector<KindTraffic> kinds;           ///< the same by kind
  double idle_deploying_per_s = 0;          ///< messages of such kinds before the first request
  double window_s = 0;
  Traffic window;  ///< everything that all nodes sent in the window

  OperatorSpread spread;                 ///< operators by node; readers are none
  std::vector<std::int64_t> to_sink_us;  ///< one way, of each reader to the sink by all links between
  std::uint32_t schedulers = 0;          ///< nodes that scheduled an app
  std::uint32_t busiest_scheduler = 0;   ///< apps at one of them
  std::int64_t busiest_ns = 0;           ///< processor time of the busiest node in the window
  std::int64_t longest_wait_us = 0;      ///< for a processor
  std::uint64_t steps = 0;               ///< of all nodes in the window
  double guessed_share = 0;              ///< of these: of a kind that was never measured
  std::uint64_t events = 0;
  double virtual_s = 0;
};

/// Brings a ring up, then hands `apps` queries in at random nodes, each reading at `sources` random nodes.
/// From a while before on each node is a single server: what it handles takes the time that `costs` says, and
/// what comes meanwhile waits. `costs` has been measured on one machine, so all nodes are as fast as that
/// one.
[[nodiscard]] DeployReport run_deploy(const DeployOptions& options, const ControlCosts& costs,
                                      std::unique_ptr<DelayModel> delays);
/// The same with any other processor, which may also only look; DeployReport::guessed_share stays 0.
[[nodiscard]] DeployReport run_deploy_on(const DeployOptions& options, Processor& processor,
                                         std::unique_ptr<DelayModel> delays);

}  // namespace dart::sim
