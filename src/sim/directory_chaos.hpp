#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/chaos.hpp"

namespace dart::sim {

struct DirectoryChaosOptions {
  std::uint64_t seed = 1;
  std::uint32_t nodes = 32;
  overlay::Config config = overlay::lan_profile();
  directory::Config directory;
  std::uint32_t check_every = 16;
};

struct DirectoryChaosReport {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::vector<std::string> violations;
  std::uint64_t violation_count = 0;
  std::array<std::uint64_t, kFaults> faults{};
  std::uint64_t operations = 0;
  std::uint64_t ok = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t unavailable = 0;
  std::uint64_t unknown = 0;
  std::uint64_t unreturned = 0;      ///< the client's machine stopped
  std::uint64_t hurt = 0;            ///< operations of the majority side begun while faults were on
  std::uint64_t hurt_completed = 0;  ///< of these, how many ended with an answer that says how
  std::uint64_t notices = 0;
  std::uint64_t power_cuts = 0;  ///< all machines stopped in one instant, and were started again
  std::uint64_t groups = 0;      ///< that were decided one after the other, over all shards
  std::uint64_t caught_up = 0;
  std::uint64_t believed = 0;
  std::uint64_t old_disks = 0;
  std::uint64_t fsyncs = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  double settled_s = 0;  ///< from the end of the faults until each shard's whole group voted
};

/// One random run of firm records: clients all over a ring read, change and delete a few of them while it is
/// hurt, disks included; each record's history must be that of one register. The same options give the same
/// report to the bit.
[[nodiscard]] DirectoryChaosReport run_directory_chaos(const DirectoryChaosOptions& options);

}  // namespace dart::sim
