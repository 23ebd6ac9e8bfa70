#include "plan/plan.hpp"

#include <fmt/core.h>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "plan/shape.hpp"

namespace dart::plan {

namespace {

tl::unexpected<Error> wrong(NodeId id, std::string text) {
  return fail(ErrorCode::Data, fmt::format("the plan is not valid: node {}: {}", id, std::move(text)));
}

/// Operators that know the end of a step: their input must carry steps.
bool needs_stepped_input(const Emit& emit, bool weighted_input) {
  return emit.mode == EmitMode::OnChange || (emit.mode == EmitMode::Changes && weighted_input);
}

Status check_table(const TableDefinition& table) {
  const auto in_range = [&](std::uint32_t column) { return column < table.columns.size(); };
  const auto all_in_range = [&](const std::vector<std::uint32_t>& columns) {
    for (const std::uint32_t column : columns) {
      if (!in_range(column)) return false;
    }
    return true;
  };
  if (table.columns.size() > limits::kColumns || !all_in_range(table.primary_key) ||
      !all_in_range(table.tie_break) || (table.event_time && !in_range(*table.event_time)) ||
      (table.delay_column && !in_range(*table.delay_column)) ||
      (table.op_column && !in_range(*table.op_column))) {
    return fail(ErrorCode::Data, fmt::format("the plan is not valid: the columns of table {}", table.name));
  }
  if (table.event_time && !table.columns[*table.event_time].type.is_time()) {
    return fail(ErrorCode::Data,
                fmt::format("the plan is not valid: the event time of table {}", table.name));
  }
  std::vector<columnar::LogicalType> types;
  for (const TableColumn& column : table.columns) types.push_back(column.type);
  for (const CheckConstraint& check : table.checks) {
    if (!check.condition || check.condition->type.id != columnar::TypeId::Bool) {
      return fail(ErrorCode::Data, fmt::format("the plan is not valid: check {} is not boolean", check.name));
    }
    DART_TRY_STATUS(check_expression(*check.condition, types));
  }
  return {};
}

Status check_inputs(const Plan& plan, NodeId id) {
  for (const Input& input : plan.nodes[id].inputs) {
    if (input.node >= id) return wrong(id, "an input that does not come before it");
    const NodeKind& from = plan.nodes[input.node].kind;
    if (std::holds_alternative<Sink>(from)) return wrong(id, "a sink as an input");
    if (input.output == 0) continue;
    const auto* scan = std::get_if<Scan>(&from);
    if (input.output != 1 || scan == nullptr || plan.tables[scan->table].late != LatePolicy::SideTable) {
      return wrong(id, "an input from an output that is not there");
    }
  }
  return {};
}

/// States cross only from where they are given out to who takes them.
Status check_states(const Plan& plan, NodeId id, const Aggregate& aggregate) {
  const auto gives = [](const Aggregate* it) {
    return it != nullptr && (it->phase == AggregatePhase::Partial || it->phase == AggregatePhase::Combine);
  };
  const auto* from = std::get_if<Aggregate>(&plan.nodes[plan.nodes[id].inputs.front().node].kind);
  const bool takes = aggregate.phase == AggregatePhase::Combine || aggregate.phase == AggregatePhase::Final;
  if (!takes) return {};
  if (!gives(from) || from->calls.size() != aggregate.calls.size())
    return wrong(id, "states that nobody gives out");
  return {};
}

Status check_node(const Plan& plan, NodeId id, std::vector<Shape>& shapes) {
  DART_TRY_STATUS(check_inputs(plan, id));
  const Node& node = plan.nodes[id];
  std::vector<const Shape*> inputs;
  for (const Input& input : node.inputs) inputs.push_back(&shapes[input.node]);
  DART_TRY(Shape shape, derive_shape(plan, node.kind, inputs));
  if (node.schema.size() != shape.types.size()) return wrong(id, "a schema of another width");
  for (std::size_t c = 0; c < node.schema.size(); ++c) {
    if (node.schema[c].type != shape.types[c]) return wrong(id, fmt::format("the type of column {}", c));
  }
  if (node.weighted != shape.weighted) return wrong(id, "rows with weights where there are none, or without");
  if (const auto* aggregate = std::get_if<Aggregate>(&node.kind)) {
    DART_TRY_STATUS(check_states(plan, id, *aggregate));
  }
  for (const Input& input : node.inputs) {
    if (node.stepped && !plan.nodes[input.node].stepped)
      return wrong(id, "steps that an input does not carry");
  }
  if (const auto* emit = std::get_if<Emit>(&node.kind)) {
    const Node& input = plan.nodes[node.inputs.front().node];
    if (needs_stepped_input(*emit, input.weighted) && !input.stepped)
      return wrong(id, "an input without steps");
  }
  shapes.push_back(std::move(shape));
  return {};
}

}  // namespace

std::vector<NodeId> Plan::sinks() const {
  std::vector<NodeId> ids;
  for (NodeId id = 0; id < nodes.size(); ++id) {
    if (std::holds_alternative<Sink>(nodes[id].kind)) ids.push_back(id);
  }
  return ids;
}

Status Plan::validate() const {
  if (nodes.size() > limits::kPlanNodes || tables.size() > limits::kPlanNodes) {
    return fail(ErrorCode::Capacity, fmt::format("a plan has at most {} nodes", limits::kPlanNodes));
  }
  for (const TableDefinition& table : tables) DART_TRY_STATUS(check_table(table));
  std::vector<Shape> shapes;
  shapes.reserve(nodes.size());
  for (NodeId id = 0; id < nodes.size(); ++id) DART_TRY_STATUS(check_node(*this, id, shapes));
  return {};
}

void Plan::check_invariants() const {
  const Status status = validate();
  if (!status) check_failed((status.error().message + "\n" + explain(*this)).c_str(), __FILE__, __LINE__);
}

}  // namespace dart::plan
