#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

bool is_idle(const Plan& plan, const Node& node) {
  if (const auto* filter = std::get_if<Filter>(&node.kind)) return filter->conjuncts.empty();
  if (std::holds_alternative<UnionAll>(node.kind)) return node.inputs.size() == 1;
  if (const auto* over = std::get_if<Over>(&node.kind)) return over->calls.empty();
  if (const auto* emit = std::get_if<Emit>(&node.kind)) {
    return emit->mode == EmitMode::WindowClose ||
           (emit->mode == EmitMode::Changes && !plan.nodes[node.inputs.front().node].weighted);
  }
  return false;
}

}  // namespace

bool drop_idle(Plan& plan) {
  bool changed = false;
  for (NodeId id = 0; id < plan.nodes.size(); ++id) {
    if (plan.nodes[id].inputs.empty() || !is_idle(plan, plan.nodes[id])) continue;
    bypass(plan, id);
    changed = true;
  }
  drop_unread(plan);
  return changed;
}

}  // namespace dart::plan::rewrite
