#include <algorithm>
#include <set>
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
    std::vector<const Shape*> inputs;
    for (const Input& input : node.inputs) inputs.push_back(&shapes[input.node]);
    Result<Shape> shape = derive_shape(plan, node.kind, inputs);
    if (!shape) check_failed((shape.error().message + "\n" + explain(plan)).c_str(), __FILE__, __LINE__);
    node.weighted = shape->weighted;
    shapes.push_back(*std::move(shape));
  }
}

/// What somebody above wants of a node's rows, each more than the one before.
enum class Need : std::uint8_t {
  Set,    ///< which rows there are
  Order,  ///< in an order that does not depend on chunks
  Wish,   ///< with their steps, for a better figure; not worth more than passing on what is there
  Must,   ///< with their steps
};

bool emits_at(const NodeKind& kind, EmitPolicy policy) {
  if (const auto* aggregate = std::get_if<Aggregate>(&kind)) return aggregate->emit == policy;
  if (const auto* top = std::get_if<TopN>(&kind)) return top->emit == policy;
  return false;
}

bool is_final(const NodeKind& kind) {
  const auto* emit = std::get_if<Emit>(&kind);
  return emit != nullptr && emit->mode == EmitMode::Final;
}

/// What the node needs of its inputs, given what is needed of its own rows.
///   Emit OnChange, Emit Changes of a changelog   their output is defined by steps
///   Sink of a changelog                          writes the changes of each step
///   Sink with a delay column                     a row's delay counts from its own step, if it is known
///   any other Sink                               writes rows in their order
///   AtClose over a changelog                     what a window holds when it closes
///   AtClose otherwise                            windows close between chunks: steps only when they must be
///   known AtEnd, Emit Final                            their rows belong to no step Join, UnionAll the order
///   among several inputs is that of the steps Over, CountWindow, Limit                     depend on the
///   order of rows any other                                    the steps of its rows come from its inputs
Need need_of_inputs(const Plan& plan, const Node& node, bool rejoins, Need above) {
  if (node.inputs.empty() || is_final(node.kind) || emits_at(node.kind, EmitPolicy::AtEnd)) return Need::Set;
  const bool weighted = plan.nodes[node.inputs.front().node].weighted;
  if (const auto* emit = std::get_if<Emit>(&node.kind)) {
    return weighted || emit->mode == EmitMode::OnChange ? Need::Must : above;
  }
  if (const auto* sink = std::get_if<Sink>(&node.kind)) {
    if (weighted) return Need::Must;
    return plan.tables[sink->table].delay_column ? Need::Wish : Need::Order;
  }
  if (emits_at(node.kind, EmitPolicy::AtClose)) {
    return weighted || above == Need::Must ? Need::Must : Need::Set;
  }
  if (rejoins) return above == Need::Set ? Need::Set : Need::Must;
  const bool by_order = std::holds_alternative<Over>(node.kind) ||
                        std::holds_alternative<CountWindow>(node.kind) ||
                        std::holds_alternative<Limit>(node.kind);
  return by_order ? std::max(above, Need::Order) : above;
}

/// The nodes at which rows of one Scan meet again after they went two ways.
std::vector<bool> find_rejoins(const Plan& plan) {
  std::vector<std::set<NodeId>> scans(plan.nodes.size());
  std::vector<bool> rejoins(plan.nodes.size(), false);
  for (NodeId id = 0; id < plan.nodes.size(); ++id) {
    if (std::holds_alternative<Scan>(plan.nodes[id].kind)) scans[id].insert(id);
    for (const Input& input : plan.nodes[id].inputs) {
      for (const NodeId scan : scans[input.node]) rejoins[id] = !scans[id].insert(scan).second || rejoins[id];
    }
  }
  return rejoins;
}

/// Operators that only pass rows on keep the steps that come, even when it is others who need them.
bool passes_steps(const NodeKind& kind) {
  return std::holds_alternative<Filter>(kind) || std::holds_alternative<Project>(kind) ||
         std::holds_alternative<WindowAssign>(kind) || std::holds_alternative<Expand>(kind) ||
         std::holds_alternative<Limit>(kind);
}

bool can_carry_steps(const Plan& plan, const Node& node) {
  if (std::holds_alternative<Sink>(node.kind) || is_final(node.kind)) return false;
  if (emits_at(node.kind, EmitPolicy::AtEnd)) return false;
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](const Input& input) { return plan.nodes[input.node].stepped; });
}

void mark_stepped(Plan& plan) {
  const std::vector<bool> rejoins = find_rejoins(plan);
  std::vector<Need> needed(plan.nodes.size(), Need::Set);
  for (std::size_t i = plan.nodes.size(); i-- > 0;) {
    const Need need = need_of_inputs(plan, plan.nodes[i], rejoins[i], needed[i]);
    for (const Input& input : plan.nodes[i].inputs) needed[input.node] = std::max(needed[input.node], need);
  }
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    Node& node = plan.nodes[i];
    const bool ordered = rejoins[i] && needed[i] != Need::Set;
    const bool wanted = needed[i] >= Need::Wish || ordered || passes_steps(node.kind);
    node.stepped = wanted && can_carry_steps(plan, node);
  }
}

}  // namespace

void mark_flags(Plan& plan) {
  mark_weighted(plan);
  mark_stepped(plan);
}

}  // namespace dart::plan::rewrite
