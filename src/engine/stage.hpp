#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.hpp"

namespace dart::engine {

/// An edge between two stages: the rows of `from` go on to the node `to` (its input `port`) of another stage.
struct Exchange {
  plan::Input from;
  plan::NodeId to = 0;
  std::size_t port = 0;
  std::size_t from_stage = 0;
  std::size_t to_stage = 0;
  /// In a ring: columns of `from` by whose key group rows are dealt out to so many receivers.
  std::vector<std::uint32_t> keys = {};
  std::uint32_t receivers = 1;
};

/// A fused chain (or graph) of nodes with no exchange inside: called directly, run by one worker at a time.
struct Stage {
  std::vector<plan::NodeId> nodes;   ///< ascending
  std::vector<std::size_t> inputs;   ///< exchanges that end here, by index into Stages::exchanges
  std::vector<std::size_t> outputs;  ///< exchanges that start here
};

struct Stages {
  std::vector<Stage> stages;
  std::vector<Exchange> exchanges;
};

/// Cuts a plan for one process: with one worker everything is one stage; with more, the sources (reading and
/// parsing) are one stage, and what belongs to each sink alone is cut again in front of each operator with
/// several inputs.
[[nodiscard]] Stages cut(const plan::Plan& plan, std::size_t workers);
/// Every node a stage of its own and every edge an exchange: the Storm model, kept for comparison.
[[nodiscard]] Stages cut_every_operator(const plan::Plan& plan);

}  // namespace dart::engine
