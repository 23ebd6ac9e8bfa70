#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "placement/plan_record.hpp"
#include "sim/chaos.hpp"

namespace dart::sim {

/// The connector of the tables that a random run reads and writes; see query_feed.hpp.
inline constexpr std::string_view kFeedConnector = "feed";

/// A query of a random run.
struct ChaosQuery {
  placement::QuerySpec spec;
  bool ordered = true;  ///< the order of its rows is part of the answer; false: any
};

/// What happens to the ring while the queries run.
enum class QueryTrouble : std::uint8_t {
  Random,      ///< faults of all kinds
  HostDies,    ///< a host of a query that is no gateway, once
  HostLeaves,  ///< the same, gracefully
};

struct QueryChaosOptions {
  std::uint64_t seed = 1;
  std::uint32_t nodes = 16;
  overlay::Config config = overlay::lan_profile();
  std::uint32_t check_every = 16;
  std::uint32_t gateways = 4;  ///< machines with the label "role=cab", each with a reader
  std::uint32_t rows = 300;    ///< of each reader
  QueryTrouble trouble = QueryTrouble::Random;
  std::vector<ChaosQuery> queries;
};

struct QueryChaosReport {
  std::uint64_t seed = 0;
  std::uint64_t hash = 0;
  std::vector<std::string> violations;
  std::uint64_t violation_count = 0;
  std::array<std::uint64_t, kFaults> faults{};
  std::uint64_t runs = 0;      ///< over all queries: how often they began anew
  std::uint64_t epochs = 0;    ///< placements
  std::uint64_t moves = 0;     ///< of these behind a barrier
  std::uint64_t adopted = 0;   ///< queries of schedulers that died
  std::uint64_t combines = 0;  ///< opened: instances that put partial results together on their way
  std::uint64_t drained = 0;   ///< nodes that handed over and left
  std::uint64_t rows = 0;      ///< that sinks were given, over all runs
  std::uint64_t right = 0;     ///< rows of the last runs, all as they should be
  std::uint64_t fenced = 0;    ///< frames of older epochs that were refused
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  double settled_s = 0;  ///< from the end of the faults until all rows had come
};

/// One random run of queries: they are handed to a ring that is hurt while they run. When it is healed, the
/// rows of each query's last run must be those of one process without any failure, and in no run may rows of
/// an older epoch follow those of a newer one. The same options give the same report to the bit.
[[nodiscard]] QueryChaosReport run_query_chaos(const QueryChaosOptions& options);

}  // namespace dart::sim
