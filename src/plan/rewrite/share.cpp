#include <algorithm>
#include <map>
#include <utility>

#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// The columns that anybody scans, by table: first those of the first scan, in its order.
std::map<std::uint32_t, std::vector<std::uint32_t>> scanned_columns(const Plan& plan) {
  std::map<std::uint32_t, std::vector<std::uint32_t>> columns;
  for (const Node& node : plan.nodes) {
    const auto* scan = std::get_if<Scan>(&node.kind);
    if (scan == nullptr) continue;
    std::vector<std::uint32_t>& all = columns[scan->table];
    for (const std::uint32_t column : scan->columns) {
      if (!contains(all, column)) all.push_back(column);
    }
  }
  return columns;
}

std::string scanned_name(const TableDefinition& table, std::uint32_t column) {
  if (column == Scan::kSeqColumn) return "_seq";
  if (column == Scan::kReadAtColumn) return "_read_at";
  return table.columns[column].name;
}

columnar::LogicalType scanned_type(const TableDefinition& table, std::uint32_t column) {
  if (column == Scan::kSeqColumn) return columnar::LogicalType::of(columnar::TypeId::BigInt);
  if (column == Scan::kReadAtColumn) return columnar::LogicalType::of(columnar::TypeId::TimestampTz);
  return table.columns[column].type;
}

/// Makes the scan read `columns`; its readers see what they saw before through a picker.
void widen(Plan& plan, NodeId id, const std::vector<std::uint32_t>& columns) {
  auto& scan = std::get<Scan>(plan.nodes[id].kind);
  std::vector<std::uint32_t> places;
  for (const std::uint32_t column : scan.columns) {
    const auto found = std::find(columns.begin(), columns.end(), column);
    places.push_back(static_cast<std::uint32_t>(found - columns.begin()));
  }
  const TableDefinition& table = plan.tables[scan.table];
  scan.columns = columns;
  Schema schema;
  for (const std::uint32_t column : columns) {
    schema.push_back({scanned_name(table, column), scanned_type(table, column)});
  }
  plan.nodes[id].schema = std::move(schema);
  insert_above(plan, {id, 0}, pick_columns(plan, {id, 0}, places));
  if (table.late == LatePolicy::SideTable) {
    insert_above(plan, {id, 1}, pick_columns(plan, {id, 1}, places));
  }
}

}  // namespace

bool share_scans(Plan& plan) {
  const auto columns = scanned_columns(plan);
  bool changed = false;
  for (NodeId id = 0; id < plan.nodes.size(); ++id) {
    const auto* scan = std::get_if<Scan>(&plan.nodes[id].kind);
    if (scan == nullptr || scan->columns == columns.at(scan->table)) continue;
    widen(plan, id, columns.at(scan->table));
    changed = true;
  }
  return changed;
}

bool share_nodes(Plan& plan) {
  using Key = std::pair<std::size_t, std::vector<std::pair<NodeId, std::uint32_t>>>;
  std::map<Key, std::vector<NodeId>> known;
  std::vector<NodeId> same(plan.nodes.size());
  bool changed = false;
  for (NodeId id = 0; id < plan.nodes.size(); ++id) {
    Node& node = plan.nodes[id];
    Key key{node.kind.index(), {}};
    for (Input& input : node.inputs) {
      input.node = same[input.node];
      key.second.emplace_back(input.node, input.output);
    }
    same[id] = id;
    if (std::holds_alternative<Sink>(node.kind)) continue;
    std::vector<NodeId>& candidates = known[key];
    const auto found = std::find_if(candidates.begin(), candidates.end(), [&](NodeId other) {
      return same_kind(plan.nodes[other].kind, node.kind);
    });
    if (found == candidates.end()) {
      candidates.push_back(id);
    } else {
      same[id] = *found;
      changed = true;
    }
  }
  return changed;
}

}  // namespace dart::plan::rewrite
