#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/node_id.hpp"
#include "base/time.hpp"
#include "overlay/node_handle.hpp"

namespace dart::placement {

/// What a stage of a query does, and so where it may run.
enum class StageRole : std::uint8_t {
  Source = 1,  ///< reads a table where its data is: one instance a reader
  Combine =
      2,  ///< joins partial results of several readers on their way; as many as the routes ask for, or none
  Main = 3,    ///< the rest, one instance a partition
  Result = 4,  ///< puts partitions together, or writes where a sink is pinned
};

/// How the rows of an edge are dealt out.
enum class EdgeKind : std::uint8_t {
  Forward = 1,    ///< each sender to its one receiver
  Hash = 2,       ///< by key group, to the partition that owns it
  Broadcast = 3,  ///< to every receiver
  Merge = 4,      ///< all senders to one receiver, which puts them into one order
};

/// A stage as placement sees it; what it computes is in QuerySpec::program.
struct StageShape {
  StageRole role = StageRole::Main;
  std::uint32_t partitions = 1;  ///< of Main
  /// Source: the nodes that have a reader, by label ("k=v"; a node's name is the label "node=NAME").
  /// Result: the one node that it must run on. Empty: anywhere.
  std::string label;
  /// In place of a label: exactly these nodes.
  std::vector<overlay::NodeHandle> nodes;
  double rows_per_s = 0;      ///< that come in at one instance, estimated; 0: unknown
  double bytes_per_row = 0;   ///< of what goes out, estimated
  double selectivity = 1;     ///< rows out for each row in
  double micros_per_row = 1;  ///< of one core
};

/// Rows go from one stage to a later one.
struct EdgeShape {
  std::uint32_t from = 0;  ///< index into QuerySpec::stages
  std::uint32_t to = 0;
  EdgeKind kind = EdgeKind::Merge;
};

/// What to do in the part of a partition that cannot reach a majority of the query's record.
enum class OnPartition : std::uint8_t { Continue = 1, Pause = 2 };

/// A query as it is handed to the ring: never changes; another text is another spec.
struct QuerySpec {
  std::string name;
  std::string text;                ///< the SQL, variables put in
  std::string program;             ///< plan::encode(Distribution): opaque here
  std::vector<StageShape> stages;  ///< sources first, an edge goes from a lower to a higher index
  std::vector<EdgeShape> edges;
  std::string policy = "cost";
  OnPartition on_partition = OnPartition::Continue;

  friend bool operator==(const QuerySpec& a, const QuerySpec& b) {
    return a.text == b.text && a.name == b.name;
  }
};

/// One running copy of a stage.
struct InstanceId {
  std::uint32_t stage = 0;
  std::uint32_t number = 0;  ///< reader of a Source, place of a Combine, partition of a Main
  friend auto operator<=>(const InstanceId&, const InstanceId&) = default;
};

/// Where an instance runs, and where its rows go.
struct Placed {
  InstanceId id;
  overlay::NodeHandle host;
  /// The instances of the next stage that it sends to: one Combine or Result, or every partition of Main.
  std::vector<InstanceId> to;
  /// A reader whose node is away: nothing runs, and its watermark holds the query until it is back.
  bool away = false;
};

/// One thing that happened to a query, for `dart query show`.
struct HistoryEntry {
  std::int64_t at_us = 0;  ///< wall clock, microseconds since 1970
  std::uint64_t epoch = 0;
  std::string what;
};

enum class QueryState : std::uint8_t {
  Placing = 1,
  Running = 2,
  Paused = 3,
  Failed = 4,    ///< could not be opened anywhere; the reason is in the history
  Finished = 5,  ///< all its sources have ended
  Dropped = 6,
};
[[nodiscard]] std::string_view name_of(QueryState state);

/// The firm record of a query, "query/NAME". Its epoch is the version at which a scheduler won it: the record
/// that is written with expected version v has epoch v + 1. Whatever the record does not name must not run.
struct QueryRecord {
  QuerySpec spec;
  std::uint64_t epoch = 0;
  /// Rises when the query begins anew from its sources: rows of an older run are worth nothing beside those
  /// of a newer one. A placement that is revised behind a barrier keeps the run.
  std::uint64_t run = 0;
  QueryState state = QueryState::Placing;
  overlay::NodeHandle scheduler;
  std::vector<Placed> placed;
  std::vector<HistoryEntry> history;  ///< the newest limits::kHistory
};

}  // namespace dart::placement
