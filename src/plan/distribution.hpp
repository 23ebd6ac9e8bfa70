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
};

/// A plan cut for many machines: sources first, stages in topological order.
struct Distribution {
  Plan plan;
  std::vector<RingStage> stages;
  std::vector<RingExchange> exchanges;
};

struct DistributionOptions {
  std::uint32_t partitions = 1;  ///< wished for; plans that cannot be split by key have one
};

/// Cuts a plan: a Source stage for every scan, with the filters, projections and partial aggregates that
/// follow it fused in; a Combine stage where every aggregate can combine; the rest is Main, in partitions by
/// key group where one key splits all of it; a Result where partitions meet again or a sink is bound to
/// another node. An Error says which operator depends on an order that several readers do not have.
[[nodiscard]] Result<Distribution> distribute(Plan plan, const DistributionOptions& options);

[[nodiscard]] std::string encode(const Distribution& distribution);
/// Wrong bytes in any way give an Error; what is returned is consistent.
[[nodiscard]] Result<Distribution> decode_distribution(std::string_view bytes);

}  // namespace dart::plan
