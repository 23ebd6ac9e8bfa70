#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

/// How the expressions of a Project under a TopN are divided.
struct Division {
  std::vector<bool> deferred;        ///< by expression: computed above
  std::vector<std::uint32_t> place;  ///< by expression that stays: its column below
  std::vector<std::uint32_t>
      raw;  ///< by column of the Project's input: its column below, where it is read above
  Project lower;
  Schema lower_schema;
};

/// What the TopN does not order by, and what costs something to compute, is deferred; the columns that it is
/// made of are handed on instead.
Division divide(const TopN& top, const Project& project, const Schema& names, const Schema& raw) {
  Division parts;
  const std::size_t count = project.expressions.size();
  parts.deferred.resize(count);
  parts.place.assign(count, 0);
  parts.raw.assign(raw.size(), 0);
  for (std::size_t c = 0; c < count; ++c) parts.deferred[c] = !is_trivial(*project.expressions[c]);
  for (const std::uint32_t column : top.partition) parts.deferred[column] = false;
  for (const SortKey& key : top.order) parts.deferred[key.column] = false;

  std::vector<bool> needed(raw.size(), false);
  std::vector<bool> there(raw.size(), false);
  for (std::size_t c = 0; c < count; ++c) {
    const ExpressionPtr& expression = project.expressions[c];
    if (parts.deferred[c]) {
      mark_columns(*expression, needed);
      continue;
    }
    parts.place[c] = static_cast<std::uint32_t>(parts.lower.expressions.size());
    if (expression->kind == Expression::Kind::Column) {
      parts.raw[expression->column] = parts.place[c];
      there[expression->column] = true;
    }
    parts.lower.expressions.push_back(expression);
    parts.lower_schema.push_back(names[c]);
  }
  for (std::uint32_t c = 0; c < raw.size(); ++c) {
    if (!needed[c] || there[c]) continue;
    parts.raw[c] = static_cast<std::uint32_t>(parts.lower.expressions.size());
    parts.lower.expressions.push_back(make_column(c, raw[c].type));
    parts.lower_schema.push_back(raw[c]);
  }
  return parts;
}

/// TopN over Project: what the TopN does not order by is computed of the few rows that come out, as
/// PostgreSQL computes the select list after the limit. The TopN then keeps the (small) columns that it is
/// made of.
bool defer(Plan& plan, NodeId id, const std::vector<std::uint32_t>& readers) {
  auto* top = std::get_if<TopN>(&plan.nodes[id].kind);
  if (top == nullptr) return false;
  const NodeId below = plan.nodes[id].inputs.front().node;
  auto* project = std::get_if<Project>(&plan.nodes[below].kind);
  if (project == nullptr || readers[below] != 1) return false;
  const Schema& raw = plan.nodes[plan.nodes[below].inputs.front().node].schema;
  Division parts = divide(*top, *project, plan.nodes[below].schema, raw);
  if (std::find(parts.deferred.begin(), parts.deferred.end(), true) == parts.deferred.end()) return false;
  if (parts.lower_schema.size() + 1 > limits::kColumns) return false;

  Project upper;
  for (std::size_t c = 0; c < parts.deferred.size(); ++c) {
    const ExpressionPtr& expression = project->expressions[c];
    upper.expressions.push_back(parts.deferred[c]
                                    ? renumber(expression, parts.raw)
                                    : make_column(parts.place[c], expression->type, expression->offset));
  }
  Node above = plan.nodes[id];
  Schema schema = parts.lower_schema;
  if (top->with_rank) {
    const Column& rank = above.schema.back();
    upper.expressions.push_back(make_column(static_cast<std::uint32_t>(schema.size()), rank.type));
    schema.push_back(rank);
  }
  above.kind = std::move(upper);
  for (std::uint32_t& column : top->partition) column = parts.place[column];
  for (SortKey& key : top->order) key.column = parts.place[key.column];
  plan.nodes[id].schema = std::move(schema);
  *project = std::move(parts.lower);
  plan.nodes[below].schema = std::move(parts.lower_schema);
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
