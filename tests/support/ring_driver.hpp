#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/instance.hpp"
#include "plan/distribution.hpp"

namespace dart::support {

/// How a distributed plan is run in this thread: every instance of every stage, with messages between them
/// that arrive in any order that links allow.
struct RingRun {
  std::uint64_t seed = 1;
  std::size_t chunk_rows = 2048;
  /// By table: how many nodes read it; one where it is not named.
  std::map<std::string, std::uint32_t> readers;
  /// In the middle of everything: all instances are held behind a barrier, taken down to their snapshots, and
  /// fresh ones go on. Two of these, at times that the seed chooses, and one barrier that only goes by.
  bool moves = false;
  /// So many instances of each Combine, which some of the readers send to, and which may send to one another;
  /// 0: all are left out.
  std::uint32_t combines = 0;
  /// At the first move so many nodes more read the table.
  std::map<std::string, std::uint32_t> joining;
  /// From the first move on, in place of `combines`.
  std::optional<std::uint32_t> combines_later;
  /// Where given: rows that crossed to a Main are added up here.
  std::uint64_t* rows_crossed = nullptr;
};

/// The connectors of the reader `number` of a table, or (no name) those of a stage without tables.
using RingConnectors =
    std::function<engine::ConnectorFactory&(const std::string& table, std::uint32_t number)>;

/// Runs it to its end.
[[nodiscard]] Status run_ring(const plan::Distribution& distribution, const RingRun& run,
                              const RingConnectors& connectors);

}  // namespace dart::support
