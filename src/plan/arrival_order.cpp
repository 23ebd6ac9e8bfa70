#include "plan/arrival_order.hpp"

#include <algorithm>

namespace dart::plan {

namespace {

/// Where an output column comes from, when it is handed on unchanged.
struct Origin {
  NodeId scan = 0;
  std::uint32_t column = 0;  ///< of the table, or kSeqColumn
  std::optional<NodeId> sliding;
};

std::optional<Origin> origin_of(const Plan& plan, NodeId id, std::uint32_t column) {
  Origin origin;
  while (true) {
    const Node& node = plan.nodes[id];
    if (const auto* scan = std::get_if<Scan>(&node.kind)) {
      origin.scan = id;
      origin.column = scan->columns[column];
      return origin;
    }
    if (const auto* project = std::get_if<Project>(&node.kind)) {
      const Expression& expression = *project->expressions[column];
      if (expression.kind != Expression::Kind::Column) return std::nullopt;
      column = expression.column;
    } else if (std::holds_alternative<Sliding>(node.kind)) {
      if (origin.sliding) return std::nullopt;
      origin.sliding = id;
    } else if (!std::holds_alternative<Filter>(node.kind)) {
      return std::nullopt;
    }
    if (node.inputs.front().output != 0) return std::nullopt;  // a scan's late rows
    id = node.inputs.front().node;
  }
}

}  // namespace

std::optional<std::uint32_t> newest_by(const Plan& plan, const TopN& top, NodeId input) {
  const bool one = top.limit == 1 && top.offset == 0 && !top.with_rank && top.emit == EmitPolicy::PerStep &&
                   !top.expires_by_key;
  if (!one || top.order.empty() || !top.order.front().descending) return std::nullopt;
  const std::uint32_t column = top.order.front().column;
  if (std::find(top.partition.begin(), top.partition.end(), column) != top.partition.end())
    return std::nullopt;
  const auto seq = origin_of(plan, input, column);
  if (!seq || seq->column != Scan::kSeqColumn || !seq->sliding) return std::nullopt;
  const Node& window = plan.nodes[*seq->sliding];
  const auto time = origin_of(plan, window.inputs.front().node, std::get<Sliding>(window.kind).time_column);
  if (!time || time->scan != seq->scan) return std::nullopt;
  const TableDefinition& table = plan.tables[std::get<Scan>(plan.nodes[seq->scan].kind).table];
  const bool in_order =
      table.event_time == time->column && table.watermark_delay_us == 0 && table.late != LatePolicy::Update;
  return in_order ? std::optional(column) : std::nullopt;
}

}  // namespace dart::plan
