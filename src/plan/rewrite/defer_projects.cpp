#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

/// TopN over Project: what the TopN does not order by is computed of the few rows that come out, as
/// PostgreSQL computes the select list after the limit. The TopN then keeps the (small) columns that it is
/// made of.
bool defer(Plan& plan, NodeId id, const std::vector<std::uint32_t>& readers) {
  auto* top = std::get_if<TopN>(&plan.nodes[id].kind);
  if (top == nullptr) return false;
  const NodeId below = plan.nodes[id].inputs.front().node;
  auto* project = std::get_if<Project>(&plan.nodes[below].kind);
  if (project == nullptr || readers[below] != 1) return false;
  std::vector<bool> ordering(project->expressions.size(), false);
  for (const std::uint32_t column : top->partition) ordering[column] = true;
  for (const SortKey& key : top->order) ordering[key.column] = true;
  const auto deferred = [&](std::size_t c) { return !ordering[c] && !is_trivial(*project->expressions[c]); };

  const Input source = plan.nodes[below].inputs.front();
  const Schema& raw = plan.nodes[source.node].schema;
  std::vector<bool> needed(raw.size(), false);
  bool any = false;
  for (std::size_t c = 0; c < ordering.size(); ++c) {
    if (!deferred(c)) continue;
    any = true;
    mark_columns(*project->expressions[c], needed);
  }
  if (!any) return false;

  std::vector<ExpressionPtr> lower;
  Schema lower_schema;
  std::vector<std::uint32_t> place(ordering.size(), 0);  // of the columns that stay below
  std::vector<std::uint32_t> raw_place(raw.size(), 0);   // of the raw columns that deferred ones read
  std::vector<bool> raw_there(raw.size(), false);
  for (std::size_t c = 0; c < ordering.size(); ++c) {
    if (deferred(c)) continue;
    place[c] = static_cast<std::uint32_t>(lower.size());
    const ExpressionPtr& expression = project->expressions[c];
    if (expression->kind == Expression::Kind::Column) {
      raw_place[expression->column] = place[c];
      raw_there[expression->column] = true;
    }
    lower.push_back(expression);
    lower_schema.push_back(plan.nodes[below].schema[c]);
  }
  for (std::uint32_t c = 0; c < raw.size(); ++c) {
    if (!needed[c] || raw_there[c]) continue;
    raw_place[c] = static_cast<std::uint32_t>(lower.size());
    lower.push_back(make_column(c, raw[c].type));
    lower_schema.push_back(raw[c]);
  }
  if (lower.size() + 1 > limits::kColumns) return false;

  std::vector<ExpressionPtr> upper;
  for (std::size_t c = 0; c < ordering.size(); ++c) {
    const ExpressionPtr& expression = project->expressions[c];
    upper.push_back(deferred(c) ? renumber(expression, raw_place)
                                : make_column(place[c], expression->type, expression->offset));
  }
  Node& node = plan.nodes[id];
  if (top->with_rank) {
    const columnar::LogicalType rank = node.schema.back().type;
    upper.push_back(make_column(static_cast<std::uint32_t>(lower.size()), rank));
  }
  for (std::uint32_t& column : top->partition) column = place[column];
  for (SortKey& key : top->order) key.column = place[key.column];
  Node above = node;
  above.kind = Project{std::move(upper)};
  const Column rank = node.schema.back();
  node.schema = lower_schema;
  if (top->with_rank) node.schema.push_back(rank);
  project->expressions = std::move(lower);
  plan.nodes[below].schema = std::move(lower_schema);
  insert_above(plan, {id, 0}, std::move(above));
  return true;
}

}  // namespace

bool defer_projects(Plan& plan) {
  const std::vector<std::uint32_t> readers = count_readers(plan);
  bool changed = false;
  for (NodeId id = static_cast<NodeId>(plan.nodes.size()); id-- > 0;) {
    if (plan.nodes.size() + 1 > limits::kPlanNodes) break;
    // Insertions behind `id` leave the counts of smaller ids right.
    changed = defer(plan, id, readers) || changed;
  }
  return changed;
}

}  // namespace dart::plan::rewrite
