#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "sim/churn_trace.hpp"
#include "sim/table_fill.hpp"
#include "sim/world.hpp"

namespace dart::sim {

struct ChurnOptions {
  std::uint32_t nodes = 1000;
  std::uint64_t seed = 1;
  overlay::Config config = overlay::lan_profile();
  /// Mean life of a node; whoever dies is replaced by a newcomer. 0: nobody dies.
  Duration session{1'800'000'000};
  Duration length{7'200'000'000};
  /// Who comes and goes when, instead of `nodes` and `session`; empty: at random.
  ChurnTrace trace;
  std::uint32_t lookups_per_s = 20;
  std::uint32_t loss_permille = 10;
  std::int64_t drift_ppm = 10'000;
  /// After that, this share of the nodes dies at one moment.
  std::uint32_t kill_percent = 0;
  /// After that, the network falls into two halves for so long.
  Duration partition{0};
  std::function<void(double)> progress;
};

struct ChurnReport {
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0;
  std::uint64_t deaths = 0;
  std::uint64_t joins = 0;
  // The churn.
  std::uint64_t lookups = 0;    ///< whose origin lived on
  std::uint64_t delivered = 0;  ///< at the node that was closest to the key at that moment
  std::uint64_t wrong_root = 0;
  std::uint64_t double_roots = 0;  ///< another node would have answered at the same moment
  double hops_mean = 0;
  double stretch_median = 0;
  double upkeep_messages = 0;  ///< a node and second
  double upkeep_bytes = 0;     ///< payload a node and second, from one message in 64
  std::array<std::uint64_t, std::variant_size_v<overlay::Message>> by_kind{};
  // The sudden deaths.
  std::uint32_t killed = 0;
  std::uint64_t kill_lookups = 0;
  std::uint64_t kill_delivered = 0;  ///< within 5 s
  std::uint64_t kill_undelivered = 0;
  std::uint32_t kill_longest_run = 0;  ///< neighbours that died together
  double kill_hops_before = 0;         ///< of lookups by those that live on
  double kill_hops_after = 0;          ///< of the same lookups, two minutes later
  TableFill kill_tables_before;
  TableFill kill_tables_after;
  double kill_messages_per_failed = 0;  ///< beyond heartbeats and probes
  // The partition.
  std::uint64_t partition_doubles = 0;
  double heal_s = -1;  ///< until every leaf set was right; negative: not by the deadline
  std::uint64_t doubles_after = 0;
  std::uint64_t events = 0;
  double virtual_s = 0;
};

[[nodiscard]] ChurnReport run_churn(const ChurnOptions& options, std::unique_ptr<DelayModel> delays);

}  // namespace dart::sim
