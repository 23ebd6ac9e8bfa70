#include <algorithm>
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

/// Project over WindowAssign becomes picker over WindowAssign over Project. The lower Project hands on the
/// row's columns that the picker or the window still reads, and what is computed of them.
bool lift(Plan& plan, NodeId id) {
  auto* project = std::get_if<Project>(&plan.nodes[id].kind);
  if (project == nullptr) return false;
  const NodeId window_id = plan.nodes[id].inputs.front().node;
  const auto* window = std::get_if<WindowAssign>(&plan.nodes[window_id].kind);
  if (window == nullptr) return false;
  const Input source = plan.nodes[window_id].inputs.front();
  const auto width = static_cast<std::uint32_t>(plan.nodes[source.node].schema.size());
  const auto works = [&](const ExpressionPtr& expression) { return is_work_on_rows(*expression, width); };
  if (std::none_of(project->expressions.begin(), project->expressions.end(), works)) return false;

  std::vector<bool> used(width + 2, false);
  used[window->time_column] = true;
  for (const ExpressionPtr& expression : project->expressions) {
    if (!works(expression)) mark_columns(*expression, used);
  }
  std::vector<std::uint32_t> kept;
  std::vector<std::uint32_t> place(width + 2, 0);
  for (std::uint32_t c = 0; c < width; ++c) {
    if (!used[c]) continue;
    place[c] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(c);
  }
  Node lower = pick_columns(plan, source, kept);
  auto& computed = std::get<Project>(lower.kind).expressions;
  std::vector<ExpressionPtr> upper;
  for (std::size_t i = 0; i < project->expressions.size(); ++i) {
    const ExpressionPtr& expression = project->expressions[i];
    if (works(expression)) {
      upper.push_back(
          make_column(static_cast<std::uint32_t>(computed.size()), expression->type, expression->offset));
      computed.push_back(expression);
      lower.schema.push_back(plan.nodes[id].schema[i]);
    } else {
      upper.push_back(expression);
    }
  }
  if (computed.size() + 2 > limits::kColumns) return false;
  const auto lower_width = static_cast<std::uint32_t>(computed.size());
  place[width] = lower_width;
  place[width + 1] = lower_width + 1;
  for (std::size_t i = 0; i < upper.size(); ++i) {
    if (!works(project->expressions[i])) upper[i] = renumber(upper[i], place);
  }
  project->expressions = std::move(upper);

  // A WindowAssign of its own: others may go on reading the old one.
  Node assign = plan.nodes[window_id];
  assign.kind = WindowAssign{place[window->time_column], window->size_us, window->slide_us};
  assign.schema = lower.schema;
  const Schema& old = plan.nodes[window_id].schema;
  assign.schema.insert(assign.schema.end(), old.end() - 2, old.end());
  plan.nodes[id].inputs = {source};
  const NodeId moved = insert_below(plan, id, 0, std::move(lower));
  insert_below(plan, moved, 0, std::move(assign));
  return true;
}

}  // namespace

bool lift_windows(Plan& plan) {
  bool changed = false;
  for (NodeId id = static_cast<NodeId>(plan.nodes.size()); id-- > 0;) {
    if (plan.nodes.size() + 2 > limits::kPlanNodes) break;
    changed = lift(plan, id) || changed;
  }
  return changed;
}

}  // namespace dart::plan::rewrite
