#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

/// What stands below an Aggregate that can be fused: the WindowAssign and the Filter between, if any.
struct Candidate {
  NodeId window = 0;
  std::uint32_t row_width = 0;  ///< columns of the rows before they got window_start and window_end
  const Filter* filter = nullptr;
};

std::optional<Candidate> find_candidate(const Plan& plan, const Node& node) {
  const auto* aggregate = std::get_if<Aggregate>(&node.kind);
  if (aggregate == nullptr || aggregate->emit != EmitPolicy::AtClose || aggregate->window)
    return std::nullopt;
  Candidate found;
  found.window = node.inputs.front().node;
  if (const auto* filter = std::get_if<Filter>(&plan.nodes[found.window].kind)) {
    found.filter = filter;
    found.window = plan.nodes[found.window].inputs.front().node;
  }
  if (!std::holds_alternative<WindowAssign>(plan.nodes[found.window].kind)) return std::nullopt;
  const Input& rows = plan.nodes[found.window].inputs.front();
  found.row_width = static_cast<std::uint32_t>(plan.nodes[rows.node].schema.size());
  return found;
}

bool calls_read_rows(const Aggregate& aggregate, std::uint32_t row_width) {
  for (const AggregateCall& call : aggregate.calls) {
    for (const std::uint32_t argument : call.arguments) {
      if (argument >= row_width) return false;
    }
    if (call.filter.value_or(0) >= row_width || call.position.value_or(0) >= row_width) return false;
  }
  return true;
}

/// The aggregate that assigns its windows itself, and where the old one's columns are in its output.
struct Fused {
  Aggregate aggregate;
  Schema schema;
  std::vector<std::uint32_t> place;      ///< of the old output's columns
  std::vector<std::uint32_t> key_place;  ///< of the windowed rows' columns, where they are keys
  std::vector<bool> is_key;
};

Fused fuse_kind(const Aggregate& old, const WindowAssign& window, const Schema& windowed,
                const Schema& output, std::uint32_t row_width) {
  Fused fused;
  fused.key_place.assign(windowed.size(), 0);
  fused.is_key.assign(windowed.size(), false);
  const auto note = [&](std::uint32_t column, std::uint32_t place) {
    fused.key_place[column] = place;
    fused.is_key[column] = true;
  };
  fused.schema = {windowed[row_width], windowed[row_width + 1]};
  note(row_width, 0);
  note(row_width + 1, 1);
  for (std::size_t k = 0; k < old.keys.size(); ++k) {
    const std::uint32_t key = old.keys[k];
    if (!fused.is_key[key]) {
      note(key, static_cast<std::uint32_t>(fused.schema.size()));
      fused.aggregate.keys.push_back(key);
      fused.schema.push_back(output[k]);
    }
    fused.place.push_back(fused.key_place[key]);
  }
  for (std::size_t c = old.keys.size(); c < output.size(); ++c) {
    fused.place.push_back(static_cast<std::uint32_t>(fused.schema.size()));
    fused.schema.push_back(output[c]);
  }
  fused.aggregate.calls = old.calls;
  fused.aggregate.emit = EmitPolicy::AtClose;
  fused.aggregate.window = window;
  return fused;
}

/// Which conjuncts go below the aggregate, to the rows, and which above, to the groups. False when one reads
/// both a window bound and something that is not a key.
bool split_filter(const Filter& filter, const Fused& fused, std::uint32_t row_width,
                  std::vector<ExpressionPtr>& below, std::vector<ExpressionPtr>& above) {
  for (const ExpressionPtr& conjunct : filter.conjuncts) {
    if (reads_only(*conjunct, 0, row_width)) {
      below.push_back(conjunct);
      continue;
    }
    std::vector<bool> used(fused.is_key.size(), false);
    mark_columns(*conjunct, used);
    for (std::size_t c = 0; c < used.size(); ++c) {
      if (used[c] && !fused.is_key[c]) return false;
    }
    above.push_back(renumber(conjunct, fused.key_place));
  }
  return true;
}

bool fuse(Plan& plan, NodeId id) {
  const std::optional<Candidate> found = find_candidate(plan, plan.nodes[id]);
  if (!found) return false;
  const auto& old = std::get<Aggregate>(plan.nodes[id].kind);
  const auto& window = std::get<WindowAssign>(plan.nodes[found->window].kind);
  bool by_window = false;
  for (const std::uint32_t key : old.keys) by_window = by_window || key >= found->row_width;
  if (!by_window || !calls_read_rows(old, found->row_width)) return false;
  Fused fused =
      fuse_kind(old, window, plan.nodes[found->window].schema, plan.nodes[id].schema, found->row_width);
  std::vector<ExpressionPtr> below;
  std::vector<ExpressionPtr> above;
  if (found->filter != nullptr && !split_filter(*found->filter, fused, found->row_width, below, above)) {
    return false;
  }
  const Input rows = plan.nodes[found->window].inputs.front();
  Node filter_node = plan.nodes[plan.nodes[id].inputs.front().node];  // keeps its place in the SQL text
  Node picker;
  {
    Node& node = plan.nodes[id];
    node.kind = std::move(fused.aggregate);
    node.schema = std::move(fused.schema);
    node.inputs = {rows};
    picker = pick_columns(plan, {id, 0}, fused.place);
  }
  insert_above(plan, {id, 0}, std::move(picker));
  if (!above.empty()) {
    Node upper = filter_node;
    upper.kind = Filter{std::move(above)};
    upper.schema = plan.nodes[id].schema;
    insert_above(plan, {id, 0}, std::move(upper));
  }
  if (!below.empty()) {
    filter_node.kind = Filter{std::move(below)};
    filter_node.schema = plan.nodes[rows.node].schema;
    insert_below(plan, id, 0, std::move(filter_node));
  }
  return true;
}

}  // namespace

bool fuse_windows(Plan& plan) {
  bool changed = false;
  for (NodeId id = static_cast<NodeId>(plan.nodes.size()); id-- > 0;) {
    if (plan.nodes.size() + 3 > limits::kPlanNodes) break;
    changed = fuse(plan, id) || changed;
  }
  return changed;
}

}  // namespace dart::plan::rewrite
