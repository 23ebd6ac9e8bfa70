#include "plan/source_chain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plan/meeting_scans.hpp"
#include "plan/order_needs.hpp"
#include "plan/place_column.hpp"
#include "plan/rewrite/graph.hpp"

namespace dart::plan {

namespace {

const TableDefinition& table_of(const Plan& plan, NodeId scan) {
  return plan.tables[std::get<Scan>(plan.nodes[scan].kind).table];
}

/// Where the column stands in the scan's output; appended when it is not there.
std::uint32_t scan_column(Plan& plan, NodeId id, std::uint32_t column) {
  Node& node = plan.nodes[id];
  auto& columns = std::get<Scan>(node.kind).columns;
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found != columns.end()) return static_cast<std::uint32_t>(found - columns.begin());
  const TableColumn& added = table_of(plan, id).columns[column];
  columns.push_back(column);
  node.schema.push_back({added.name, added.type});
  return static_cast<std::uint32_t>(columns.size() - 1);
}

std::string name_cause(const Plan& plan, NodeId scan) {
  const NodeId cause = cause_of_order(plan, scan);
  if (cause == scan) return "_seq";
  const Node& node = plan.nodes[cause];
  const std::string_view kind = kind_name(node.kind);
  return node.label.empty() ? std::string(kind) : fmt::format("{} of \"{}\"", kind, node.label);
}

/// Whether rows of the scan are put into one order, or why they should be and cannot.
Result<bool> is_ordered(const Plan& plan, NodeId scan, OrderNeed need) {
  const TableDefinition& table = table_of(plan, scan);
  if (has_one_reader(table) || table.order == MergeOrder::Arrival) return need == OrderNeed::Must;
  const bool can = table.event_time && !table.tie_break.empty();
  if (can || need != OrderNeed::Must) return can && need != OrderNeed::None;
  return fail(ErrorCode::Unsupported,
              fmt::format("{} depends on the order of the rows of table \"{}\", and its readers, one at each "
                          "node with the label '{}', have none in common",
                          name_cause(plan, scan), table.name, table.label),
              plan.nodes[scan].offset,
              table.event_time ? "give the table tie_break = 'columns' that make the order unique"
                               : "give the table event_time and tie_break");
}

void start(Plan& plan, SourceChain& chain) {
  const TableDefinition& table = table_of(plan, chain.scan);
  if (chain.ordered && table.order == MergeOrder::EventTime && table.event_time) {
    chain.time = scan_column(plan, chain.scan, *table.event_time);
    for (const std::uint32_t column : table.tie_break) {
      chain.tie_break.push_back(scan_column(plan, chain.scan, column));
    }
  }
  if (has_one_reader(table)) return;  // it numbers its rows itself
  const auto& columns = std::get<Scan>(plan.nodes[chain.scan].kind).columns;
  const auto seq = std::find(columns.begin(), columns.end(), Scan::kSeqColumn);
  if (seq != columns.end()) chain.place = static_cast<std::uint32_t>(seq - columns.begin());
}

/// Goes on through the filters and projections that nothing else reads; gives how many columns of the last
/// one the plan itself asked for.
std::size_t follow(Plan& plan, SourceChain& chain, std::size_t visible) {
  // Where rows are left out early, those behind them get other numbers: only for who does not look at
  // numbers.
  const bool filters = !chain.place || place_only_orders(plan, chain.scan);
  for (auto next = only_reader(plan, chain.last); next; next = only_reader(plan, chain.last)) {
    const bool projects = std::holds_alternative<Project>(plan.nodes[*next].kind);
    if (!projects && !(filters && std::holds_alternative<Filter>(plan.nodes[*next].kind))) break;
    if (projects) visible = plan.nodes[*next].schema.size();
    if (!projects) plan.nodes[*next].schema = plan.nodes[chain.last].schema;
    if (chain.time) chain.time = carry(plan, *next, *chain.time);
    for (std::uint32_t& column : chain.tie_break) column = carry(plan, *next, column);
    if (chain.place) chain.place = carry(plan, *next, *chain.place);
    chain.last = *next;
  }
  return visible;
}

/// A projection that picks the first columns of an output, in front of all who read it.
NodeId pick_first(Plan& plan, const Input& from, std::size_t columns) {
  Node pick = rewrite::pick_columns(plan, from, rewrite::identity(columns));
  pick.stepped = from.output == 0 && plan.nodes[from.node].stepped;
  return rewrite::insert_above(plan, from, std::move(pick));
}

bool reads_output(const Plan& plan, const Input& from) {
  return std::any_of(plan.nodes.begin(), plan.nodes.end(), [&](const Node& node) {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](const Input& input) {
      return input.node == from.node && input.output == from.output;
    });
  });
}

}  // namespace

bool has_one_reader(const TableDefinition& table) {
  return table.label.empty() || table.label.starts_with("node=") || table.label.starts_with("id=");
}

bool is_table_scan(const Plan& plan, NodeId id) {
  const auto* scan = std::get_if<Scan>(&plan.nodes[id].kind);
  return scan != nullptr && plan.tables[scan->table].connector != kOneRowConnector;
}

std::optional<NodeId> only_reader(const Plan& plan, NodeId id) {
  std::optional<NodeId> reader;
  for (NodeId n = id + 1; n < plan.nodes.size(); ++n) {
    for (const Input& input : plan.nodes[n].inputs) {
      if (input.node != id || input.output != 0) continue;
      if (reader) return std::nullopt;
      reader = n;
    }
  }
  return reader;
}

std::uint32_t carry(Plan& plan, NodeId id, std::uint32_t column) {
  Node& node = plan.nodes[id];
  const Node& from = plan.nodes[node.inputs.front().node];
  auto* project = std::get_if<Project>(&node.kind);
  if (project == nullptr) {
    node.schema = from.schema;
    return column;
  }
  for (std::uint32_t e = 0; e < project->expressions.size(); ++e) {
    const Expression& expression = *project->expressions[e];
    if (expression.kind == Expression::Kind::Column && expression.column == column) return e;
  }
  const Column added = from.schema[column];
  project->expressions.push_back(make_column(column, added.type, node.offset));
  node.schema.push_back(added);
  return static_cast<std::uint32_t>(project->expressions.size() - 1);
}

Result<std::vector<SourceChain>> find_source_chains(Plan& plan) {
  std::vector<SourceChain> chains;
  const std::vector<OrderNeed> needs = order_needs(plan);
  // The last scan first: nodes go in behind it, so that those before keep their numbers.
  for (auto scan = static_cast<NodeId>(plan.nodes.size()); scan-- > 0;) {
    if (scan >= needs.size() || !is_table_scan(plan, scan)) continue;
    SourceChain chain;
    chain.scan = chain.last = scan;
    DART_TRY(chain.ordered, is_ordered(plan, scan, needs[scan]));
    const std::size_t width = plan.nodes[scan].schema.size();
    start(plan, chain);
    const std::size_t visible = follow(plan, chain, width);
    std::vector<NodeId> inserted;
    const bool hidden = plan.nodes[chain.last].schema.size() != visible;
    if (hidden || !only_reader(plan, chain.last)) {
      if (reads_output(plan, {chain.last, 0})) inserted.push_back(pick_first(plan, {chain.last, 0}, visible));
    }
    const bool late = plan.nodes[scan].schema.size() != width && reads_output(plan, {scan, 1});
    if (late) inserted.push_back(pick_first(plan, {scan, 1}, width));
    if (late && chain.last >= inserted.back()) ++chain.last;
    for (SourceChain& other : chains) {
      for (const NodeId place : inserted) {
        other.scan += other.scan >= place ? 1 : 0;
        other.last += other.last >= place ? 1 : 0;
      }
    }
    chains.push_back(std::move(chain));
  }
  std::reverse(chains.begin(), chains.end());
  const std::vector<NodeId> groups = scans_in_one_order(plan);
  for (SourceChain& chain : chains) chain.group = groups[chain.scan];
  return chains;
}

}  // namespace dart::plan
