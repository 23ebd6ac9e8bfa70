#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

/// Operators whose end state is a function of their input's end state, whatever the way there: what feeds
/// them may come all at once. Windows over the order or the time of rows are not among them, nor a join that
/// forgets rows as the watermark passes.
bool forgets_history(const NodeKind& kind) {
  if (const auto* aggregate = std::get_if<Aggregate>(&kind)) {
    return aggregate->emit != EmitPolicy::AtClose && !aggregate->per_block;
  }
  if (const auto* top = std::get_if<TopN>(&kind)) return top->emit != EmitPolicy::AtClose;
  if (const auto* join = std::get_if<Join>(&kind)) return !join->expires_by_key;
  if (const auto* emit = std::get_if<Emit>(&kind)) return emit->mode == EmitMode::Changes;
  return std::holds_alternative<Filter>(kind) || std::holds_alternative<Project>(kind) ||
         std::holds_alternative<UnionAll>(kind) || std::holds_alternative<Expand>(kind) ||
         std::holds_alternative<WindowAssign>(kind);
}

bool is_final(const NodeKind& kind) {
  const auto* emit = std::get_if<Emit>(&kind);
  return emit != nullptr && emit->mode == EmitMode::Final;
}

}  // namespace

bool emit_at_end(Plan& plan) {
  drop_unread(plan);
  std::vector<bool> only_end(plan.nodes.size(), true);  // only the end state of its output matters
  bool changed = false;
  for (std::size_t i = plan.nodes.size(); i-- > 0;) {
    Node& node = plan.nodes[i];
    if (std::holds_alternative<Sink>(node.kind)) only_end[i] = false;
    const bool inputs_too = is_final(node.kind) || (only_end[i] && forgets_history(node.kind));
    if (!inputs_too) {
      for (const Input& input : node.inputs) only_end[input.node] = false;
    }
    if (!only_end[i] || !forgets_history(node.kind)) continue;
    if (auto* aggregate = std::get_if<Aggregate>(&node.kind);
        aggregate && aggregate->emit == EmitPolicy::PerStep) {
      aggregate->emit = EmitPolicy::AtEnd;
      aggregate->expires_by_key.reset();
      changed = true;
    }
    if (auto* top = std::get_if<TopN>(&node.kind); top && top->emit == EmitPolicy::PerStep) {
      top->emit = EmitPolicy::AtEnd;
      top->expires_by_key.reset();
      changed = true;
    }
  }
  return changed;
}

}  // namespace dart::plan::rewrite
