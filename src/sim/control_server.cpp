#include "sim/control_server.hpp"

#include <algorithm>
#include <cmath>

namespace dart::sim {

namespace {

std::size_t scheduled_at(const node::NodeCore& core) {
  return core.queries() == nullptr ? 0 : core.queries()->scheduled();
}

}  // namespace

ControlServer::ControlServer(const ControlCosts& costs, const std::string& policy)
    : steps_(costs, policy),
      plan_ns_(std::llround(costs.plan.us * 1000)),
      open_ns_(std::llround(costs.open.us * 1000)),
      scheduler_plans_(policy == "central") {}

bool ControlServer::urgent(const node::Input& input) const {
  if (const auto* received = std::get_if<overlay::Received>(&input)) {
    return !overlay::is_data(received->message) &&
           is_upkeep(static_cast<MessageKind>(received->message.index()));
  }
  return std::holds_alternative<overlay::Tick>(input);
}

void ControlServer::begin(const node::NodeCore& core, const node::Input& input) {
  handled_ = kind_of(core, input);
  scheduled_ = scheduled_at(core);
  const auto* request = std::get_if<placement::Request>(&input);
  requested_ = request != nullptr && request->spec.has_value() ? 1 : 0;
}

std::int64_t ControlServer::end(const node::NodeCore& core, const std::vector<node::Action>& actions) {
  std::int64_t ns = steps_.of(step_kind_of(handled_, actions));
  const std::size_t now = scheduled_at(core);
  const std::size_t taken_on = now > scheduled_ ? now - scheduled_ : 0;
  ns += plan_ns_ * static_cast<std::int64_t>(scheduler_plans_ ? taken_on : requested_);
  for (const node::Action& action : actions) {
    if (std::holds_alternative<placement::OpenInstance>(action)) ns += open_ns_;
  }
  return ns;
}

}  // namespace dart::sim
