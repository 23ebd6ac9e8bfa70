#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

/// An expression that is worth computing before a row is put into its windows.
bool is_work_on_rows(const Expression& expression, std::uint32_t row_width) {
  return !is_trivial(expression) && reads_only(expression, 0, row_width);
}

/// A Project over a WindowAssign, with or without a Filter between.
struct Candidate {
  NodeId window = 0;
  std::optional<NodeId> filter;
  std::uint32_t row_width = 0;  ///< columns of the rows before they get window_start and window_end
};

std::optional<Candidate> find_candidate(const Plan& plan, NodeId id) {
  const auto* project = std::get_if<Project>(&plan.nodes[id].kind);
  if (project == nullptr) return std::nullopt;
  Candidate found;
  found.window = plan.nodes[id].inputs.front().node;
  if (std::holds_alternative<Filter>(plan.nodes[found.window].kind)) {
    found.filter = found.window;
    found.window = plan.nodes[found.window].inputs.front().node;
  }
  if (!std::holds_alternative<WindowAssign>(plan.nodes[found.window].kind)) return std::nullopt;
  const Input& rows = plan.nodes[found.window].inputs.front();
  found.row_width = static_cast<std::uint32_t>(plan.nodes[rows.node].schema.size());
  const bool any = std::any_of(project->expressions.begin(), project->expressions.end(),
                               [&](const auto& e) { return is_work_on_rows(*e, found.row_width); });
  return any ? std::optional(found) : std::nullopt;
}

/// The columns of the windowed rows that are still read above the new WindowAssign.
std::vector<bool> columns_above(const Plan& plan, const Candidate& found, const Project& project) {
  std::vector<bool> used(found.row_width + 2, false);
  used[std::get<WindowAssign>(plan.nodes[found.window].kind).time_column] = true;
  for (const ExpressionPtr& expression : project.expressions) {
    if (!is_work_on_rows(*expression, found.row_width)) mark_columns(*expression, used);
  }
  if (found.filter) {
    for (const ExpressionPtr& conjunct : std::get<Filter>(plan.nodes[*found.filter].kind).conjuncts) {
      mark_columns(*conjunct, used);
    }
  }
  return used;
}

/// Project over (Filter over) WindowAssign becomes picker over (Filter over) WindowAssign over Project. The
/// lower Project hands on the row's columns that are still read above it, and what is computed of them. The
/// window and the filter are made anew: others may go on reading the old ones.
bool lift(Plan& plan, NodeId id) {
  const std::optional<Candidate> found = find_candidate(plan, id);
  if (!found) return false;
  const std::uint32_t width = found->row_width;
  auto& project = std::get<Project>(plan.nodes[id].kind);
  const std::vector<bool> used = columns_above(plan, *found, project);
  const Input source = plan.nodes[found->window].inputs.front();
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> place(width + 2, 0);
  for (std::uint32_t c = 0; c < width; ++c) {
    if (!used[c]) continue;
    place[c] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(c);
  }
  Node lower = pick_columns(plan, source, kept);
  auto& computed = std::get<Project>(lower.kind).expressions;
  std::vector<std::optional<std::uint32_t>> computed_at;
  for (std::size_t i = 0; i < project.expressions.size(); ++i) {
    computed_at.emplace_back();
    if (!is_work_on_rows(*project.expressions[i], width)) continue;
    computed_at.back() = static_cast<std::uint32_t>(computed.size());
    computed.push_back(project.expressions[i]);
    lower.schema.push_back(plan.nodes[id].schema[i]);
  }
  if (computed.size() + 2 > limits::kColumns) return false;
  place[width] = static_cast<std::uint32_t>(computed.size());
  place[width + 1] = place[width] + 1;
  for (std::size_t i = 0; i < computed_at.size(); ++i) {
    ExpressionPtr& expression = project.expressions[i];
    expression = computed_at[i] ? make_column(*computed_at[i], expression->type, expression->offset)
                                : renumber(expression, place);
  }

  Node assign = plan.nodes[found->window];
  auto& window = std::get<WindowAssign>(assign.kind);
  window.time_column = place[window.time_column];
  const Schema windowed = std::move(assign.schema);
  assign.schema = lower.schema;
  assign.schema.insert(assign.schema.end(), windowed.end() - 2, windowed.end());
  std::optional<Node> filter;
  if (found->filter) {
    filter = plan.nodes[*found->filter];
    for (ExpressionPtr& conjunct : std::get<Filter>(filter->kind).conjuncts)
      conjunct = renumber(conjunct, place);
    filter->schema = assign.schema;
  }
  plan.nodes[id].inputs = {source};
  NodeId moved = insert_below(plan, id, 0, std::move(lower));
  moved = insert_below(plan, moved, 0, std::move(assign));
  if (filter) insert_below(plan, moved, 0, *std::move(filter));
  return true;
}

}  // namespace

bool lift_windows(Plan& plan) {
  bool changed = false;
  for (NodeId id = static_cast<NodeId>(plan.nodes.size()); id-- > 0;) {
    if (plan.nodes.size() + 3 > limits::kPlanNodes) break;
    changed = lift(plan, id) || changed;
  }
  return changed;
}

}  // namespace dart::plan::rewrite
