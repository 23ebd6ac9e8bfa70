#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.hpp"

namespace dart::plan {

/// What a stage does in a ring; the numbers are those of placement::StageRole.
enum class StageRole : std::uint8_t { Source = 1, Combine = 2, Main = 3, Result = 4 };

/// How rows of an edge between stages are dealt out; the numbers are those of placement::EdgeKind.
enum class ExchangeKind : std::uint8_t { Forward = 1, Hash = 2, Broadcast = 3, Merge = 4 };

/// Keyed rows belong to one of so many key groups; partition p of n takes the groups g with g * n /
/// kKeyGroups == p.
inline constexpr std::uint32_t kKeyGroups = 128;

/// A part of the plan with no exchange inside.
struct RingStage {
  StageRole role = StageRole::Main;
  std::vector<NodeId> nodes;         ///< ascending
  std::vector<std::size_t> inputs;   ///< exchanges that end here, by index
  std::vector<std::size_t> outputs;  ///< exchanges that start here
  std::uint32_t partitions = 1;
  std::optional<std::uint32_t> table;  ///< of a Source: what it reads; of a pinned Result: what it writes
};

/// Rows of `from` go on to the node `to` (its input `port`) of another stage.
struct RingExchange {
  Input from;
  NodeId to = 0;
  std::size_t port = 0;
  std::size_t from_stage = 0;
  std::size_t to_stage = 0;
  ExchangeKind kind = ExchangeKind::Merge;
  std::vector<std::uint32_t> keys;  ///< of Hash: columns of `from`
  /// Rows of several senders are put into one order before they are handed on: that of `time`, then
  /// `tie_break` (columns of `from`), then the sender. All ordered exchanges of one `group` share it.
  bool ordered = false;
  NodeId group = 0;
  std::optional<std::uint32_t> time;
  std::vector<std::uint32_t> tie_break;
  /// The column that holds a row's place in the table's order: written by the receiving end.
  std::optional<std::uint32_t> place;
};

struct DistributionOptions {
  std::uint32_t partitions = 1;  ///< wished for; plans that cannot be split by key have one
};

/// A plan cut for many machines: sources first, stages in topological order.
struct Distribution {
  Plan plan;
  std::vector<RingStage> stages;
  std::vector<RingExchange> exchanges;
  Plan asked;  ///< what was cut
  DistributionOptions options;
  /// For each aggregation: whether it is divided, or why not.
  std::vector<std::string> notes;
};

/// Cuts a plan: a Source stage for every scan of a table, with the filters and projections that follow it
/// fused in, and the partial aggregation of windows whose aggregates can all be combined; a Combine that may
/// stand between these and the rest where a table has several readers; the rest is Main, in partitions by key
/// group where one key splits all of it; a Result where partitions meet again or a sink is bound to a node.
/// An Error says which operator depends on an order that several readers do not have.
[[nodiscard]] Result<Distribution> distribute(Plan plan, const DistributionOptions& options);

/// As a query's program travels: the plan as it was asked for, and the options; cut anew where it arrives.
[[nodiscard]] std::string encode(const Distribution& distribution);
/// Wrong bytes in any way give an Error.
[[nodiscard]] Result<Distribution> decode_distribution(std::string_view bytes);

/// The types of the rows of an exchange, and what they carry beside them.
struct RowShape {
  std::vector<columnar::LogicalType> types;
  bool weighted = false;
  bool stepped = false;
};
[[nodiscard]] RowShape row_shape(const Distribution& distribution, std::size_t exchange);

}  // namespace dart::plan
