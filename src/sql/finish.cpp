#include "sql/finish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/limits.hpp"
#include "plan/optimize.hpp"
#include "plan/shape.hpp"
#include "sql/top_n.hpp"

namespace dart::sql {

using plan::NodeId;

namespace {

/// Takes the wanted nodes and the tables they name out of a larger plan.
class Extractor {
 public:
  explicit Extractor(const plan::Plan& whole)
      : whole_(whole), node_to_(whole.nodes.size()), table_to_(whole.tables.size()) {}

  plan::Plan extract(const std::vector<NodeId>& sinks) {
    std::vector<bool> wanted(whole_.nodes.size());
    for (const NodeId sink : sinks) wanted[sink] = true;
    for (std::size_t id = whole_.nodes.size(); id-- > 0;) {
      if (!wanted[id]) continue;
      for (const plan::Input& input : whole_.nodes[id].inputs) wanted[input.node] = true;
    }
    for (NodeId id = 0; id < whole_.nodes.size(); ++id) {
      if (wanted[id]) copy(id);
    }
    return std::move(plan_);
  }
  [[nodiscard]] std::vector<std::uint32_t> kept_tables() const {
    std::vector<std::uint32_t> kept;
    for (std::uint32_t t = 0; t < table_to_.size(); ++t) {
      if (table_to_[t]) kept.push_back(t);
    }
    std::sort(kept.begin(), kept.end(), [&](auto a, auto b) { return *table_to_[a] < *table_to_[b]; });
    return kept;
  }

 private:
  std::uint32_t table(std::uint32_t old) {
    if (!table_to_[old]) {
      table_to_[old] = static_cast<std::uint32_t>(plan_.tables.size());
      plan_.tables.push_back(whole_.tables[old]);
    }
    return *table_to_[old];
  }
  void copy(NodeId id) {
    plan::Node node = whole_.nodes[id];
    for (plan::Input& input : node.inputs) input.node = node_to_[input.node];
    if (auto* sink = std::get_if<plan::Sink>(&node.kind)) sink->table = table(sink->table);
    auto* scan = std::get_if<plan::Scan>(&node.kind);
    const std::uint32_t old_table = scan == nullptr ? 0 : scan->table;
    if (scan != nullptr) scan->table = table(scan->table);
    plan_.nodes.push_back(std::move(node));
    node_to_[id] = static_cast<NodeId>(plan_.nodes.size() - 1);
    if (scan != nullptr) add_late_rows(node_to_[id], old_table);
  }
  /// Output 1 of a scan, without the hidden columns, into the side table.
  void add_late_rows(NodeId scan, std::uint32_t old_table) {
    const plan::TableDefinition& definition = whole_.tables[old_table];
    if (definition.late != plan::LatePolicy::SideTable) return;
    const auto side = std::find_if(whole_.tables.begin(), whole_.tables.end(),
                                   [&](const auto& t) { return t.name == definition.late_table; });
    plan::Project project;
    plan::Schema schema;
    for (std::uint32_t c = 0; c < definition.columns.size(); ++c) {
      project.expressions.push_back(plan::make_column(c, definition.columns[c].type));
      schema.push_back({definition.columns[c].name, definition.columns[c].type});
    }
    const std::uint32_t offset = plan_.nodes[scan].offset;
    plan_.nodes.push_back({std::move(project), {{scan, 1}}, schema, false, true, offset, "late rows"});
    const auto rows = static_cast<NodeId>(plan_.nodes.size() - 1);
    const std::uint32_t target = table(static_cast<std::uint32_t>(side - whole_.tables.begin()));
    plan_.nodes.push_back(
        {plan::Sink{target}, {{rows, 0}}, std::move(schema), false, true, offset, "late rows"});
  }

  const plan::Plan& whole_;
  plan::Plan plan_;
  std::vector<NodeId> node_to_;
  std::vector<std::optional<std::uint32_t>> table_to_;
};

Status check_expressions(const std::vector<plan::ExpressionPtr>& expressions) {
  for (const plan::ExpressionPtr& expression : expressions) {
    if (plan::depth(*expression) <= limits::kNesting) continue;
    return fail(ErrorCode::Capacity,
                fmt::format("an expression is nested more than {} deep", limits::kNesting),
                expression->offset);
  }
  return {};
}

/// What only shows when the whole plan is there.
Status check_node(const plan::Node& node) {
  if (node.schema.size() > limits::kColumns) {
    return fail(ErrorCode::Capacity, fmt::format("rows have more than {} columns here", limits::kColumns),
                node.offset);
  }
  if (const auto* top = std::get_if<plan::TopN>(&node.kind); top != nullptr && top->limit == kNoLimit) {
    return fail(ErrorCode::Unsupported, "row_number() in this order needs a limit", node.offset,
                "put the query in FROM (...) q and keep the first rows: WHERE rk <= 10");
  }
  if (const auto* filter = std::get_if<plan::Filter>(&node.kind)) return check_expressions(filter->conjuncts);
  if (const auto* project = std::get_if<plan::Project>(&node.kind))
    return check_expressions(project->expressions);
  if (const auto* join = std::get_if<plan::Join>(&node.kind)) return check_expressions(join->conditions);
  if (const auto* expand = std::get_if<plan::Expand>(&node.kind)) {
    for (const auto& list : expand->lists) DART_TRY_STATUS(check_expressions(list));
  }
  return {};
}

}  // namespace

Result<plan::Plan> finish(const plan::Plan& whole, const std::vector<NodeId>& sinks,
                          std::vector<std::uint32_t>& kept_tables) {
  Extractor extractor(whole);
  plan::Plan plan = extractor.extract(sinks);
  kept_tables = extractor.kept_tables();
  if (plan.nodes.size() > limits::kPlanNodes) {
    return fail(ErrorCode::Capacity, fmt::format("a plan has at most {} operators", limits::kPlanNodes));
  }
  for (const plan::Node& node : plan.nodes) DART_TRY_STATUS(check_node(node));
  plan.check_invariants();
  plan = plan::optimize(std::move(plan));
  plan.check_invariants();
  return plan;
}

}  // namespace dart::sql
