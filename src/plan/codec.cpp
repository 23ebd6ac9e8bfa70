#include "plan/codec.hpp"

#include <utility>

#include "base/limits.hpp"
#include "plan/bind.hpp"
#include "plan/expression_codec.hpp"
#include "plan/node_codec.hpp"
#include "plan/shape.hpp"

namespace dart::plan {

namespace {

/// The first byte. Raised with every change of the layout: other versions are refused.
constexpr std::uint8_t kVersion = 5;

using wire::read_bool;
using wire::read_columns;
using wire::read_optional;
using wire::read_u32;
using wire::write_bool;
using wire::write_columns;
using wire::write_optional;

tl::unexpected<Error> wrong(const char* what) { return fail(ErrorCode::Data, what); }

Result<std::string> read_string(ByteReader& in) {
  DART_TRY(const std::string_view text, in.text());
  return std::string(text);
}

void write_table_columns(const TableDefinition& table, ByteWriter& out) {
  out.varint(table.columns.size());
  for (const TableColumn& column : table.columns) {
    out.text(column.name);
    wire::write_type(column.type, out);
    write_bool(column.not_null, out);
  }
}

Result<std::vector<TableColumn>> read_table_columns(ByteReader& in) {
  DART_TRY(const std::size_t count, in.count());
  if (count > limits::kColumns) return wrong("more columns than a table has");
  std::vector<TableColumn> columns;
  for (std::size_t i = 0; i < count; ++i) {
    TableColumn column;
    DART_TRY(column.name, read_string(in));
    DART_TRY(column.type, wire::read_type(in));
    DART_TRY(column.not_null, read_bool(in));
    columns.push_back(std::move(column));
  }
  return columns;
}

void write_table(const TableDefinition& table, ByteWriter& out) {
  out.text(table.name);
  write_table_columns(table, out);
  out.varint(table.checks.size());
  for (const CheckConstraint& check : table.checks) {
    out.text(check.name);
    wire::write_expression(*check.condition, out);
  }
  write_columns(table.primary_key, out);
  out.text(table.connector);
  out.text(table.format);
  out.varint(table.options.size());
  for (const auto& [key, value] : table.options) {
    out.text(key);
    wire::write_value(value, out);
  }
  write_optional(table.event_time, out);
  out.fixed(table.watermark_delay_us);
  write_bool(table.idle_after_us.has_value(), out);
  if (table.idle_after_us) out.fixed(*table.idle_after_us);
  wire::write_enum(table.late, out);
  out.text(table.late_table);
  wire::write_enum(table.order, out);
  write_columns(table.tie_break, out);
  write_optional(table.delay_column, out);
  write_optional(table.op_column, out);
  out.text(table.label);
}

Status read_checks(ByteReader& in, TableDefinition& table) {
  DART_TRY(const std::size_t checks, in.count());
  for (std::size_t i = 0; i < checks; ++i) {
    CheckConstraint check;
    DART_TRY(check.name, read_string(in));
    DART_TRY(check.condition, wire::read_expression(in));
    table.checks.push_back(std::move(check));
  }
  return {};
}

Status read_options(ByteReader& in, TableDefinition& table) {
  DART_TRY(const std::size_t options, in.count());
  for (std::size_t i = 0; i < options; ++i) {
    DART_TRY(std::string key, read_string(in));
    DART_TRY(columnar::Value value, wire::read_value(in));
    table.options.emplace_back(std::move(key), std::move(value));
  }
  return {};
}

Result<TableDefinition> read_table(ByteReader& in) {
  TableDefinition table;
  DART_TRY(table.name, read_string(in));
  DART_TRY(table.columns, read_table_columns(in));
  DART_TRY_STATUS(read_checks(in, table));
  DART_TRY(table.primary_key, read_columns(in));
  DART_TRY(table.connector, read_string(in));
  DART_TRY(table.format, read_string(in));
  DART_TRY_STATUS(read_options(in, table));
  DART_TRY(table.event_time, read_optional(in));
  DART_TRY(table.watermark_delay_us, in.fixed<std::int64_t>());
  DART_TRY(const bool idles, read_bool(in));
  if (idles) {
    DART_TRY(table.idle_after_us, in.fixed<std::int64_t>());
  }
  DART_TRY(table.late, wire::read_enum<LatePolicy>(in, static_cast<std::uint8_t>(LatePolicy::SideTable) + 1));
  DART_TRY(table.late_table, read_string(in));
  DART_TRY(table.order, wire::read_enum<MergeOrder>(in, static_cast<std::uint8_t>(MergeOrder::Arrival) + 1));
  DART_TRY(table.tie_break, read_columns(in));
  DART_TRY(table.delay_column, read_optional(in));
  DART_TRY(table.op_column, read_optional(in));
  DART_TRY(table.label, read_string(in));
  return table;
}

/// Types of the output and weights are not written: they follow from the operator and its inputs.
void write_node(const Node& node, ByteWriter& out) {
  wire::write_kind(node.kind, out);
  out.varint(node.inputs.size());
  for (const Input& input : node.inputs) {
    out.varint(input.node);
    out.varint(input.output);
  }
  out.varint(node.schema.size());
  for (const Column& column : node.schema) out.text(column.name);
  write_bool(node.stepped, out);
  out.varint(node.offset);
  out.text(node.label);
}

Result<std::vector<Input>> read_inputs(ByteReader& in, std::size_t nodes) {
  DART_TRY(const std::size_t count, in.count());
  if (count > limits::kPlanNodes) return wrong("more inputs than a plan has nodes");
  std::vector<Input> inputs;
  for (std::size_t i = 0; i < count; ++i) {
    Input input;
    DART_TRY(input.node, read_u32(in));
    DART_TRY(input.output, read_u32(in));
    if (input.node >= nodes) return wrong("an input that does not come before its node");
    inputs.push_back(input);
  }
  return inputs;
}

Status read_node(ByteReader& in, Plan& plan, std::vector<Shape>& shapes) {
  Node node;
  DART_TRY(node.kind, wire::read_kind(in));
  DART_TRY(node.inputs, read_inputs(in, plan.nodes.size()));
  DART_TRY_STATUS(bind_calls(plan, node));
  std::vector<const Shape*> inputs;
  for (const Input& input : node.inputs) inputs.push_back(&shapes[input.node]);
  DART_TRY(Shape shape, derive_shape(plan, node.kind, inputs));
  DART_TRY(const std::size_t names, in.count());
  if (names != shape.types.size()) return wrong("as many names as columns are wanted");
  for (const columnar::LogicalType& type : shape.types) {
    DART_TRY(std::string name, read_string(in));
    node.schema.push_back({std::move(name), type});
  }
  node.weighted = shape.weighted;
  DART_TRY(node.stepped, read_bool(in));
  DART_TRY(node.offset, read_u32(in));
  DART_TRY(node.label, read_string(in));
  shapes.push_back(std::move(shape));
  plan.nodes.push_back(std::move(node));
  return {};
}

}  // namespace

std::string encode(const Plan& plan) {
  ByteWriter out;
  out.fixed(kVersion);
  out.varint(plan.tables.size());
  for (const TableDefinition& table : plan.tables) write_table(table, out);
  out.varint(plan.nodes.size());
  for (const Node& node : plan.nodes) write_node(node, out);
  return out.take();
}

Result<Plan> decode(std::string_view bytes) {
  ByteReader in(bytes);
  DART_TRY(const std::uint8_t version, in.fixed<std::uint8_t>());
  if (version != kVersion) return wrong("a plan in the layout of another version of dart");
  Plan plan;
  DART_TRY(const std::size_t tables, in.count());
  if (tables > limits::kPlanNodes) return wrong("more tables than a plan has");
  for (std::size_t i = 0; i < tables; ++i) {
    DART_TRY(TableDefinition table, read_table(in));
    plan.tables.push_back(std::move(table));
  }
  DART_TRY(const std::size_t nodes, in.count());
  if (nodes > limits::kPlanNodes) return wrong("more nodes than a plan has");
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < nodes; ++i) DART_TRY_STATUS(read_node(in, plan, shapes));
  if (in.remaining() != 0) return wrong("bytes behind the end of a plan");
  DART_TRY_STATUS(plan.validate());
  return plan;
}

}  // namespace dart::plan
