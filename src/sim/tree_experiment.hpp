#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "sim/path_figures.hpp"
#include "sim/world.hpp"

namespace dart::sim {

struct TreeOptions {
  std::uint32_t nodes = 5000;
  std::uint32_t members = 1000;
  std::uint64_t seed = 1;
  overlay::Config config = overlay::lan_profile();
  /// This share of all nodes dies at one moment, the root among them.
  std::uint32_t kill_percent = 5;
  /// Told how many have joined the ring, now and then.
  std::function<void(std::uint32_t)> progress;
};

struct TreeReport {
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0;
  std::uint32_t joined = 0;   ///< the ring
  std::uint32_t members = 0;  ///< of the group
  // The tree in calm.
  std::uint32_t in_tree = 0;  ///< members and forwarders
  std::uint32_t depth = 0;
  std::uint32_t busiest_fan_out = 0;
  double fan_out_mean = 0;  ///< of nodes that have children
  std::uint64_t handed_down = 0;
  double upkeep_messages = 0;  ///< of the tree, a node of the ring and second
  double upkeep_busiest = 0;   ///< of the busiest node, a second
  std::uint32_t multicasts = 0;
  double messages_per_multicast = 0;
  Stretch stretch;  ///< from the root to each member, to the direct way
  double stretch_mean = 0;
  // After the deaths.
  std::uint32_t killed = 0;
  std::uint32_t live_members = 0;
  std::uint32_t orphans = 0;    ///< nodes whose parent was among the dead
  double reached_again_s = -1;  ///< until each live member had got a multicast sent after the deaths
  double prompt_again_s = -1;   ///< each multicast sent from then on went from its first member to its last
  ///< within a second; negative: never
  double slowest_s = 0;  ///< that one multicast took to one live member
  std::uint32_t multicasts_after = 0;
  std::uint64_t missed = 0;  ///< of members and multicasts, in all phases
  std::uint64_t twice = 0;
  std::uint64_t given_again = 0;  ///< multicasts that a parent sent to a child that had missed them
  // What a node that is asked in the end says.
  std::uint64_t total_members = 0;
  std::int64_t total_sum = 0;
  std::int64_t true_sum = 0;
  std::uint64_t events = 0;
  double virtual_s = 0;
  std::uint64_t hash = 0;

  /// Everybody joined, nothing missed, nothing twice, reached again in time, the whole right.
  [[nodiscard]] bool right() const;
};

/// Joins nodes, lets some of them enter one group, sends multicasts, kills, sends multicasts five times a
/// second.
[[nodiscard]] TreeReport run_tree(const TreeOptions& options, std::unique_ptr<DelayModel> delays);

}  // namespace dart::sim
