#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world.hpp"

namespace dart::sim {

/// What one random run does to its machines and network.
enum class Fault : std::uint8_t {
  CrashRefusing,
  CrashSilent,
  RestartWhole,
  RestartEmpty,
  RestartRolledBack,
  StartClone,
  Pause,
  Hiccup,  ///< a pause that ends before or soon after the silence is noticed
  Slow,
  OneWayCut,
  Firewall,  ///< a machine and its neighbours refuse each other's connections; the others notice nothing
  Partition,
  Leave,
  ReplayPast,  ///< what the life before had sent arrives late
  Weather,     ///< loss, duplication and reordering from here on, until the next
};
inline constexpr std::string_view kFaultNames[] = {
    "crash_refusing", "crash_silent", "restart_whole", "restart_empty", "restart_rolled_back",
    "start_clone",    "pause",        "hiccup",        "slow",          "one_way_cut",
    "firewall",       "partition",    "leave",         "replay_past",   "weather"};
inline constexpr std::size_t kFaults = std::size(kFaultNames);

struct ChaosOptions {
  std::uint64_t seed = 1;
  std::uint32_t nodes = 64;
  overlay::Config config = overlay::lan_profile();
  /// check_invariants() after one step in so many.
  std::uint32_t check_every = 16;
};

struct ChaosReport {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::vector<std::string> violations;
  std::uint64_t violation_count = 0;
  std::array<std::uint64_t, kFaults> faults{};
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t joins = 0;
  std::uint64_t requests = 0;
  std::uint64_t delivered = 0;
  std::uint64_t deaths = 0;
  std::uint64_t excused_deaths = 0;  ///< of nodes that ran, while faults hid them from others
  std::uint64_t replayed = 0;        ///< messages of earlier lives
  std::uint64_t twins = 0;           ///< lives that ended because another one of their id was there
  std::uint64_t partition_doubles = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  double heal_s = 0;  ///< from the end of the faults until every leaf set was right
};

/// One random run: a ring comes up, is hurt for a while under load, must heal by a deadline, and is then
/// looked at closely. The same options give the same report to the bit.
[[nodiscard]] ChaosReport run_chaos(const ChaosOptions& options);

}  // namespace dart::sim
