#include "engine/stage.hpp"

namespace dart::engine {

Stages cut_every_operator(const plan::Plan& plan) {
  Stages stages;
  stages.stages.resize(plan.nodes.size());
  for (plan::NodeId node = 0; node < plan.nodes.size(); ++node) {
    stages.stages[node].nodes.push_back(node);
    const auto& inputs = plan.nodes[node].inputs;
    for (std::size_t port = 0; port < inputs.size(); ++port) {
      const std::size_t exchange = stages.exchanges.size();
      stages.exchanges.push_back({inputs[port], node, port, inputs[port].node, node});
      stages.stages[inputs[port].node].outputs.push_back(exchange);
      stages.stages[node].inputs.push_back(exchange);
    }
  }
  return stages;
}

}  // namespace dart::engine
