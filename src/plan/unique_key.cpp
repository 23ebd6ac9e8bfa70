#include "plan/unique_key.hpp"

#include <algorithm>

#include "plan/expression.hpp"

namespace dart::plan {

namespace {

using Columns = std::vector<std::uint32_t>;
using Key = std::optional<Columns>;

/// Where a Project hands on the key's columns as they are.
Key through(const Project& project, const Columns& key) {
  Columns mapped;
  for (const std::uint32_t column : key) {
    const auto at = std::find_if(
        project.expressions.begin(), project.expressions.end(),
        [&](const ExpressionPtr& e) { return e->kind == Expression::Kind::Column && e->column == column; });
    if (at == project.expressions.end()) return std::nullopt;
    mapped.push_back(static_cast<std::uint32_t>(at - project.expressions.begin()));
  }
  return mapped;
}

bool same_columns(Columns a, Columns b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

Columns first_columns(std::size_t count) {
  Columns columns(count);
  for (std::uint32_t c = 0; c < count; ++c) columns[c] = c;
  return columns;
}

/// One overload for each kind that has something to say.
struct FindKey {
  const Plan& plan;
  const Node& node;

  [[nodiscard]] Key of_input(std::size_t port) const { return unique_key(plan, node.inputs[port].node); }

  Key operator()(const Aggregate& aggregate) const {
    const bool lasting = aggregate.emit == EmitPolicy::PerStep && !aggregate.per_block && !aggregate.window &&
                         !aggregate.expires_by_key;
    return lasting ? Key(first_columns(aggregate.keys.size())) : std::nullopt;
  }
  Key operator()(const TopN& top) const {
    const bool one = top.limit == 1 && top.emit == EmitPolicy::PerStep && !top.expires_by_key;
    return one ? Key(top.partition) : std::nullopt;
  }
  Key operator()(const Filter&) const { return of_input(0); }
  Key operator()(const Project& project) const {
    const Key key = of_input(0);
    return key ? through(project, *key) : std::nullopt;
  }
  Key operator()(const Join& join) const {
    const Key left = of_input(0);
    const Key right = of_input(1);
    const bool keyed = left && right && !join.expires_by_key && same_columns(*left, join.left_keys) &&
                       same_columns(*right, join.right_keys);
    return keyed ? left : std::nullopt;
  }
  template <class Other>
  Key operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

std::optional<Columns> unique_key(const Plan& plan, NodeId id) {
  const Node& node = plan.nodes[id];
  if (!node.weighted) return std::nullopt;
  return std::visit(FindKey{plan, node}, node.kind);
}

std::vector<bool> unseen_columns(const Plan& plan, NodeId id) {
  const std::size_t width = plan.nodes[id].schema.size();
  std::vector<bool> unseen(width, true);
  for (NodeId reader = id + 1; reader < plan.nodes.size(); ++reader) {
    const Node& node = plan.nodes[reader];
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](const Input& input) { return input.node == id; });
    if (!reads) continue;
    std::vector<bool> seen(width, true);
    if (const auto* emit = std::get_if<Emit>(&node.kind);
        emit != nullptr && emit->mode == EmitMode::OnChange) {
      for (const std::uint32_t column : emit->ignored) seen[column] = false;
    } else if (const auto* project = std::get_if<Project>(&node.kind)) {
      const std::vector<bool> unseen_above = unseen_columns(plan, reader);
      seen.assign(width, false);
      for (std::size_t c = 0; c < project->expressions.size(); ++c) {
        if (!unseen_above[c]) mark_columns(*project->expressions[c], seen);
      }
    }
    for (std::size_t c = 0; c < width; ++c) unseen[c] = unseen[c] && !seen[c];
  }
  return unseen;
}

}  // namespace dart::plan
