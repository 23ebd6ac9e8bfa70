#include "engine/stage.hpp"

#include <algorithm>

namespace dart::engine {

namespace {

using plan::NodeId;

constexpr std::size_t kNoStage = SIZE_MAX;

/// Which sink each node works for alone; kNoStage - 1 and above: several, or a scan.
std::vector<std::size_t> exclusive_sinks(const plan::Plan& plan) {
  constexpr std::size_t kShared = kNoStage - 1;
  std::vector<std::size_t> owner(plan.nodes.size(), kNoStage);
  std::size_t sinks = 0;
  for (std::size_t n = plan.nodes.size(); n-- > 0;) {
    const plan::Node& node = plan.nodes[n];
    if (std::holds_alternative<plan::Sink>(node.kind)) owner[n] = sinks++;
    if (std::holds_alternative<plan::Scan>(node.kind)) owner[n] = kShared;
    for (const plan::Input& input : node.inputs) {
      std::size_t& of = owner[input.node];
      of = of == kNoStage || of == owner[n] ? owner[n] : kShared;
    }
  }
  return owner;
}

/// A join of one-row views is so little work that a hop between stages would cost more.
bool is_cross_join(const plan::Node& node) {
  const auto* join = std::get_if<plan::Join>(&node.kind);
  return join != nullptr && join->left_keys.empty();
}

/// How many operators with several inputs, cross joins left out, lie on the longest way from a source to each
/// node, itself included.
std::vector<std::size_t> joins_above(const plan::Plan& plan) {
  std::vector<std::size_t> depth(plan.nodes.size(), 0);
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    for (const plan::Input& input : plan.nodes[n].inputs) depth[n] = std::max(depth[n], depth[input.node]);
    if (plan.nodes[n].inputs.size() > 1 && !is_cross_join(plan.nodes[n])) ++depth[n];
  }
  return depth;
}

/// Stages from the stage number of every node, in order of their first node, and the exchanges between them.
Stages build(const plan::Plan& plan, const std::vector<std::size_t>& stage_of) {
  Stages result;
  std::vector<std::size_t> numbers;  // by the caller's number
  std::vector<std::size_t> stage(plan.nodes.size(), 0);
  for (NodeId n = 0; n < plan.nodes.size(); ++n) {
    if (numbers.size() <= stage_of[n]) numbers.resize(stage_of[n] + 1, kNoStage);
    std::size_t& number = numbers[stage_of[n]];
    if (number == kNoStage) {
      number = result.stages.size();
      result.stages.emplace_back();
    }
    stage[n] = number;
    result.stages[number].nodes.push_back(n);
  }
  for (NodeId n = 0; n < plan.nodes.size(); ++n) {
    for (std::size_t port = 0; port < plan.nodes[n].inputs.size(); ++port) {
      const plan::Input& input = plan.nodes[n].inputs[port];
      if (stage[input.node] == stage[n]) continue;
      const std::size_t index = result.exchanges.size();
      result.exchanges.push_back({input, n, port, stage[input.node], stage[n], {}, 1});
      result.stages[stage[input.node]].outputs.push_back(index);
      result.stages[stage[n]].inputs.push_back(index);
    }
  }
  return result;
}

}  // namespace

Stages cut(const plan::Plan& plan, std::size_t workers) {
  std::vector<std::size_t> stage_of(plan.nodes.size(), 0);
  if (workers > 1) {
    const std::vector<std::size_t> owner = exclusive_sinks(plan);
    const std::vector<std::size_t> depth = joins_above(plan);
    const std::size_t depths = 1 + *std::max_element(depth.begin(), depth.end());
    for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
      stage_of[n] = owner[n] >= kNoStage - 1 ? 0 : 1 + owner[n] * depths + depth[n];
    }
  }
  return build(plan, stage_of);
}

}  // namespace dart::engine
