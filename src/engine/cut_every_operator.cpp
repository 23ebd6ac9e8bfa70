#include "engine/stage.hpp"

namespace dart::engine {

Stages cut_every_operator(const plan::Plan& plan) {
  // The scans stay together: their rows are put into one order before they go anywhere.
  std::vector<std::size_t> stage_of(plan.nodes.size());
  Stages stages;
  stages.stages.emplace_back();
  for (plan::NodeId node = 0; node < plan.nodes.size(); ++node) {
    if (!std::holds_alternative<plan::Scan>(plan.nodes[node].kind)) {
      stage_of[node] = stages.stages.size();
      stages.stages.emplace_back();
    }
    stages.stages[stage_of[node]].nodes.push_back(node);
    const auto& inputs = plan.nodes[node].inputs;
    for (std::size_t port = 0; port < inputs.size(); ++port) {
      const std::size_t exchange = stages.exchanges.size();
      stages.exchanges.push_back({inputs[port], node, port, stage_of[inputs[port].node], stage_of[node]});
      stages.stages[stage_of[inputs[port].node]].outputs.push_back(exchange);
      stages.stages[stage_of[node]].inputs.push_back(exchange);
    }
  }
  return stages;
}

}  // namespace dart::engine
