#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

/// The first conjuncts that `movable` takes. Only a prefix moves: conjuncts are tried in the order in which
/// they were written, and each rejected row counts at the first.
template <class Movable>
std::size_t prefix(const Filter& filter, const Movable& movable) {
  std::size_t count = 0;
  while (count < filter.conjuncts.size() && movable(*filter.conjuncts[count])) ++count;
  return count;
}

/// Takes the first `count` conjuncts out of the filter.
std::vector<ExpressionPtr> take(Filter& filter, std::size_t count) {
  const auto end = filter.conjuncts.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<ExpressionPtr> taken(filter.conjuncts.begin(), end);
  filter.conjuncts.erase(filter.conjuncts.begin(), end);
  return taken;
}

/// A Filter of `conjuncts` under the input `port` of the node `below`, as the Filter `id` had them.
void filter_below(Plan& plan, NodeId id, NodeId below, std::size_t port,
                  std::vector<ExpressionPtr> conjuncts) {
  const Input source = plan.nodes[below].inputs[port];
  Node node;
  node.kind = Filter{std::move(conjuncts)};
  node.schema = plan.nodes[source.node].schema;
  node.offset = plan.nodes[id].offset;
  node.label = plan.nodes[id].label;
  insert_below(plan, below, port, std::move(node));
}

bool merge_filters(Plan& plan, Filter& upper, NodeId below) {
  auto* lower = std::get_if<Filter>(&plan.nodes[below].kind);
  if (lower == nullptr) return false;
  lower->conjuncts.insert(lower->conjuncts.end(), upper.conjuncts.begin(), upper.conjuncts.end());
  upper.conjuncts.clear();
  return true;
}

bool push_through_project(Plan& plan, NodeId id, NodeId below) {
  auto& filter = std::get<Filter>(plan.nodes[id].kind);
  const auto* project = std::get_if<Project>(&plan.nodes[below].kind);
  if (project == nullptr) return false;
  const auto free_of_work = [&](const Expression& conjunct) {
    std::vector<std::uint32_t> counts(project->expressions.size(), 0);
    count_columns(conjunct, counts);
    for (std::size_t c = 0; c < counts.size(); ++c) {
      if (counts[c] != 0 && !is_trivial(*project->expressions[c])) return false;
    }
    return true;
  };
  const std::size_t count = prefix(filter, free_of_work);
  if (count == 0) return false;
  std::vector<ExpressionPtr> moved = take(filter, count);
  for (ExpressionPtr& conjunct : moved) conjunct = substitute(conjunct, project->expressions);
  filter_below(plan, id, below, 0, std::move(moved));
  return true;
}

/// Below an operator that appends columns to its input and treats every row alike. A condition about rows
/// moves below WindowAssign even from behind one about windows: that one rejects windows of a row, not rows.
bool push_below_appended(Plan& plan, NodeId id, NodeId below) {
  auto& filter = std::get<Filter>(plan.nodes[id].kind);
  const NodeKind& kind = plan.nodes[below].kind;
  const bool windows = std::holds_alternative<WindowAssign>(kind);
  if (!windows && !std::holds_alternative<Expand>(kind)) return false;
  const auto width =
      static_cast<std::uint32_t>(plan.nodes[plan.nodes[below].inputs.front().node].schema.size());
  const auto of_row = [&](const ExpressionPtr& conjunct) { return reads_only(*conjunct, 0, width); };
  if (windows) std::stable_partition(filter.conjuncts.begin(), filter.conjuncts.end(), of_row);
  const std::size_t count = prefix(filter, [&](const Expression& c) { return reads_only(c, 0, width); });
  if (count == 0) return false;
  filter_below(plan, id, below, 0, take(filter, count));
  return true;
}

/// To the side of a join that it is about; for a left join only to the left one.
bool push_into_join(Plan& plan, NodeId id, NodeId below) {
  auto& filter = std::get<Filter>(plan.nodes[id].kind);
  const auto* join = std::get_if<Join>(&plan.nodes[below].kind);
  if (join == nullptr) return false;
  const auto left = static_cast<std::uint32_t>(plan.nodes[plan.nodes[below].inputs[0].node].schema.size());
  const auto width = static_cast<std::uint32_t>(plan.nodes[below].schema.size());
  const bool inner = join->kind == JoinKind::Inner;
  const std::size_t of_left =
      prefix(filter, [&](const Expression& conjunct) { return reads_only(conjunct, 0, left); });
  if (of_left != 0) {
    filter_below(plan, id, below, 0, take(filter, of_left));
    return true;
  }
  const std::size_t of_right =
      inner ? prefix(filter, [&](const Expression& conjunct) { return reads_only(conjunct, left, width); })
            : 0;
  if (of_right == 0) return false;
  std::vector<std::uint32_t> to(width, 0);
  for (std::uint32_t c = left; c < width; ++c) to[c] = c - left;
  std::vector<ExpressionPtr> moved = take(filter, of_right);
  for (ExpressionPtr& conjunct : moved) conjunct = renumber(conjunct, to);
  filter_below(plan, id, below, 1, std::move(moved));
  return true;
}

}  // namespace

bool push_filters(Plan& plan) {
  bool changed = false;
  for (NodeId id = static_cast<NodeId>(plan.nodes.size()); id-- > 0;) {
    auto* filter = std::get_if<Filter>(&plan.nodes[id].kind);
    if (filter == nullptr || filter->conjuncts.empty()) continue;
    const NodeId below = plan.nodes[id].inputs.front().node;
    if (count_readers(plan)[below] != 1 || plan.nodes.size() >= limits::kPlanNodes) continue;
    if (merge_filters(plan, *filter, below) || push_through_project(plan, id, below) ||
        push_below_appended(plan, id, below) || push_into_join(plan, id, below)) {
      changed = true;
    }
  }
  return changed;
}

}  // namespace dart::plan::rewrite
