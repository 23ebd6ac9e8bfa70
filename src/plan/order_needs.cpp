#include "plan/order_needs.hpp"

#include <algorithm>
#include <optional>

namespace dart::plan {

namespace {

bool has_ordered_call(const NodeKind& kind) {
  const auto* aggregate = std::get_if<Aggregate>(&kind);
  return aggregate != nullptr &&
         std::any_of(aggregate->calls.begin(), aggregate->calls.end(),
                     [](const AggregateCall& call) { return call.position || call.bound.ordered; });
}

bool reads_place(const NodeKind& kind) {
  const auto* scan = std::get_if<Scan>(&kind);
  return scan != nullptr &&
         std::find(scan->columns.begin(), scan->columns.end(), Scan::kSeqColumn) != scan->columns.end();
}

/// What the node itself makes of the order of its input's rows.
OrderNeed own_need(const Plan& plan, const Node& node) {
  if (node.inputs.empty()) return OrderNeed::None;
  const bool by_order = std::holds_alternative<Over>(node.kind) ||
                        std::holds_alternative<CountWindow>(node.kind) || has_ordered_call(node.kind);
  if (by_order || (node.stepped && node.inputs.size() > 1)) return OrderNeed::Must;
  const bool weighted = plan.nodes[node.inputs.front().node].weighted;
  if (const auto* emit = std::get_if<Emit>(&node.kind)) {
    const bool collects = emit->mode == EmitMode::Final;
    return !collects && (weighted || emit->mode == EmitMode::OnChange) ? OrderNeed::Must : OrderNeed::None;
  }
  if (std::holds_alternative<Sink>(node.kind)) return weighted ? OrderNeed::Must : OrderNeed::Shown;
  return std::holds_alternative<Limit>(node.kind) ? OrderNeed::Shown : OrderNeed::None;
}

/// Whether the order of the rows behind it has nothing to do with that of its input.
bool forgets_order(const Plan& plan, const Node& node) {
  const auto* emit = std::get_if<Emit>(&node.kind);
  if (emit != nullptr && emit->mode == EmitMode::Final) return true;
  EmitPolicy policy = EmitPolicy::PerStep;
  if (const auto* aggregate = std::get_if<Aggregate>(&node.kind)) policy = aggregate->emit;
  if (const auto* top = std::get_if<TopN>(&node.kind)) policy = top->emit;
  if (policy == EmitPolicy::AtEnd) return true;
  const bool changelog = !node.inputs.empty() && plan.nodes[node.inputs.front().node].weighted;
  return policy == EmitPolicy::AtClose && !changelog && !node.stepped;
}

}  // namespace

std::vector<OrderNeed> order_needs(const Plan& plan) {
  std::vector<OrderNeed> needs(plan.nodes.size(), OrderNeed::None);
  for (std::size_t n = plan.nodes.size(); n-- > 0;) {
    const Node& node = plan.nodes[n];
    OrderNeed need = own_need(plan, node);
    if (!forgets_order(plan, node)) need = std::max(need, needs[n]);
    for (const Input& input : node.inputs) needs[input.node] = std::max(needs[input.node], need);
    if (reads_place(node.kind)) needs[n] = OrderNeed::Must;
  }
  return needs;
}

NodeId cause_of_order(const Plan& plan, NodeId scan) {
  std::vector<bool> behind(plan.nodes.size(), false);
  behind[scan] = true;
  std::optional<NodeId> changelog;
  for (NodeId n = scan + 1; n < plan.nodes.size(); ++n) {
    const Node& node = plan.nodes[n];
    behind[n] = std::any_of(node.inputs.begin(), node.inputs.end(),
                            [&](const Input& input) { return behind[input.node]; });
    if (!behind[n]) continue;
    if (node.weighted && !changelog) changelog = n;
    if (own_need(plan, node) != OrderNeed::Must) continue;
    // Who shows a changelog is not to blame: who makes it is.
    const bool shows = std::holds_alternative<Emit>(node.kind) || std::holds_alternative<Sink>(node.kind);
    return shows ? changelog.value_or(n) : n;
  }
  return scan;
}

}  // namespace dart::plan
