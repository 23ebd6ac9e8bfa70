#include <utility>

#include "base/check.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"
#include "plan/shape.hpp"

namespace dart::plan::rewrite {

namespace {

void mark_weighted(Plan& plan) {
  std::vector<Shape> shapes;
  shapes.reserve(plan.nodes.size());
  for (Node& node : plan.nodes) {
    std::vector<Shape> inputs;
    for (const Input& input : node.inputs) inputs.push_back(shapes[input.node]);
    Result<Shape> shape = derive_shape(plan, node.kind, inputs);
    if (!shape) check_failed((shape.error().message + "\n" + explain(plan)).c_str(), __FILE__, __LINE__);
    node.weighted = shape->weighted;
    shapes.push_back(*std::move(shape));
  }
}

/// Whether the node needs to know where its input's steps end.
///   Emit OnChange, Emit Changes of a changelog   their output is defined by steps
///   Sink of a changelog                          writes the changes of each step
///   Sink with a delay column                     a row's delay counts from its own step
///   Aggregate, TopN AtClose over a changelog     what a window holds when it closes
///   any node whose own rows carry steps          they come from its input's
bool needs_steps(const Plan& plan, const Node& node, bool needed_above) {
  const bool weighted_input = !node.inputs.empty() && plan.nodes[node.inputs.front().node].weighted;
  if (const auto* emit = std::get_if<Emit>(&node.kind)) {
    if (emit->mode == EmitMode::OnChange) return true;
    if (emit->mode == EmitMode::Final) return false;
    return weighted_input || needed_above;
  }
  if (const auto* sink = std::get_if<Sink>(&node.kind)) {
    return weighted_input || plan.tables[sink->table].delay_column.has_value();
  }
  if (const auto* aggregate = std::get_if<Aggregate>(&node.kind)) {
    if (aggregate->emit == EmitPolicy::AtEnd) return false;
    return needed_above || (aggregate->emit == EmitPolicy::AtClose && weighted_input);
  }
  if (const auto* top = std::get_if<TopN>(&node.kind)) {
    if (top->emit == EmitPolicy::AtEnd) return false;
    return needed_above || (top->emit == EmitPolicy::AtClose && weighted_input);
  }
  return needed_above;
}

void mark_stepped(Plan& plan) {
  std::vector<bool> needed(plan.nodes.size(), false);
  for (std::size_t i = plan.nodes.size(); i-- > 0;) {
    if (!needs_steps(plan, plan.nodes[i], needed[i])) continue;
    for (const Input& input : plan.nodes[i].inputs) needed[input.node] = true;
  }
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    Node& node = plan.nodes[i];
    // Operators that only pass rows on keep the steps that come, even when it is others who need them.
    const bool passes = std::holds_alternative<Filter>(node.kind) ||
                        std::holds_alternative<Project>(node.kind) ||
                        std::holds_alternative<WindowAssign>(node.kind) ||
                        std::holds_alternative<Expand>(node.kind) || std::holds_alternative<Limit>(node.kind);
    node.stepped = (needed[i] || (passes && !node.inputs.empty())) && may_be_stepped(plan, node) &&
                   !std::holds_alternative<Sink>(node.kind);
  }
}

}  // namespace

void mark_flags(Plan& plan) {
  mark_weighted(plan);
  mark_stepped(plan);
}

}  // namespace dart::plan::rewrite
