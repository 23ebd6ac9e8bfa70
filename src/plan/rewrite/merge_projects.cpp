#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"
#include "plan/shape.hpp"

namespace dart::plan::rewrite {

namespace {

/// The columns that a Project picks, when it does nothing else.
std::optional<std::vector<std::uint32_t>> picked(const Project& project) {
  std::vector<std::uint32_t> columns;
  for (const ExpressionPtr& expression : project.expressions) {
    if (expression->kind != Expression::Kind::Column) return std::nullopt;
    columns.push_back(expression->column);
  }
  return columns;
}

bool is_identity(const std::vector<std::uint32_t>& columns, std::size_t width) {
  return columns.size() == width && columns == identity(width);
}

/// Whether `outer` over `inner` computes nothing twice when it is written as one, and stays within the
/// nesting.
bool merges(const Project& outer, const Project& inner, bool only_reader) {
  std::vector<std::uint32_t> counts(inner.expressions.size(), 0);
  std::size_t outer_depth = 0;
  for (const ExpressionPtr& expression : outer.expressions) {
    count_columns(*expression, counts);
    outer_depth = std::max(outer_depth, depth(*expression));
  }
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0 || is_trivial(*inner.expressions[c])) continue;
    if (counts[c] > 1 || !only_reader) return false;
    if (outer_depth + depth(*inner.expressions[c]) > limits::kNesting) return false;
  }
  return true;
}

bool merge_into_reader(Plan& plan, Node& outer, const std::vector<std::uint32_t>& readers) {
  auto* project = std::get_if<Project>(&outer.kind);
  if (project == nullptr) return false;
  const NodeId below = outer.inputs.front().node;
  const auto* inner = std::get_if<Project>(&plan.nodes[below].kind);
  if (inner == nullptr || !merges(*project, *inner, readers[below] == 1)) return false;
  for (ExpressionPtr& expression : project->expressions) {
    expression = substitute(expression, inner->expressions);
  }
  outer.inputs = plan.nodes[below].inputs;
  return true;
}

/// Scan, then a picker of some of its columns: the Scan picks them itself.
bool pick_in_scan(Plan& plan, NodeId id, const std::vector<std::uint32_t>& readers) {
  const auto* project = std::get_if<Project>(&plan.nodes[id].kind);
  if (project == nullptr) return false;
  const Input from = plan.nodes[id].inputs.front();
  auto* scan = std::get_if<Scan>(&plan.nodes[from.node].kind);
  if (scan == nullptr || from.output != 0 || readers[from.node] != 1) return false;
  const auto columns = picked(*project);
  if (!columns) return false;
  Scan picking{scan->table, {}};
  for (const std::uint32_t column : *columns) {
    const std::uint32_t source = scan->columns[column];
    if (std::find(picking.columns.begin(), picking.columns.end(), source) != picking.columns.end())
      return false;
    picking.columns.push_back(source);
  }
  *scan = std::move(picking);
  plan.nodes[from.node].schema = plan.nodes[id].schema;
  bypass(plan, id);
  return true;
}

template <class Map>
void map_aggregate(Aggregate& aggregate, const Map& map) {
  for (std::uint32_t& key : aggregate.keys) key = map(key);
  if (aggregate.window) aggregate.window->time_column = map(aggregate.window->time_column);
  for (AggregateCall& call : aggregate.calls) {
    for (std::uint32_t& argument : call.arguments) argument = map(argument);
    if (call.filter) call.filter = map(*call.filter);
    if (call.position) call.position = map(*call.position);
  }
}

/// An Aggregate names its columns by number: it needs no picker, and one column for equal expressions.
bool simplify_below_aggregate(Plan& plan, Node& node) {
  auto* aggregate = std::get_if<Aggregate>(&node.kind);
  if (aggregate == nullptr) return false;
  const NodeId below = node.inputs.front().node;
  const auto* project = std::get_if<Project>(&plan.nodes[below].kind);
  if (project == nullptr) return false;
  if (const auto columns = picked(*project)) {
    map_aggregate(*aggregate, [&](std::uint32_t c) { return (*columns)[c]; });
    node.inputs = plan.nodes[below].inputs;
    return true;
  }
  std::vector<std::uint32_t> first = identity(project->expressions.size());
  for (std::uint32_t c = 0; c < first.size(); ++c) {
    for (std::uint32_t earlier = 0; earlier < c; ++earlier) {
      if (!equal(*project->expressions[earlier], *project->expressions[c])) continue;
      first[c] = earlier;
      break;
    }
  }
  bool changed = false;
  map_aggregate(*aggregate, [&](std::uint32_t c) {
    changed = changed || first[c] != c;
    return first[c];
  });
  return changed;
}

}  // namespace

bool merge_projects(Plan& plan) {
  bool changed = false;
  std::vector<std::uint32_t> readers = count_readers(plan);
  for (NodeId id = 0; id < plan.nodes.size(); ++id) {
    if (readers[id] == 0 && !std::holds_alternative<Sink>(plan.nodes[id].kind)) continue;
    Node& node = plan.nodes[id];
    bool here = merge_into_reader(plan, node, readers) || simplify_below_aggregate(plan, node);
    if (!here) {
      const auto* project = std::get_if<Project>(&node.kind);
      const auto columns = project != nullptr ? picked(*project) : std::nullopt;
      if (columns && is_identity(*columns, plan.nodes[node.inputs.front().node].schema.size())) {
        // The names that the query gave stay.
        if (readers[node.inputs.front().node] == 1) plan.nodes[node.inputs.front().node].schema = node.schema;
        bypass(plan, id);
        here = true;
      }
    }
    here = here || pick_in_scan(plan, id, readers);
    if (!here) continue;
    changed = true;
    drop_unread(plan);
    readers = count_readers(plan);
    id = 0;
  }
  return changed;
}

}  // namespace dart::plan::rewrite
