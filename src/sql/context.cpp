#include "sql/context.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using plan::Expression;

bool is_weighted(const plan::Plan& plan, const plan::Node& node) {
  const bool input = std::any_of(node.inputs.begin(), node.inputs.end(),
                                 [&](const plan::Input& i) { return plan.nodes[i.node].weighted; });
  if (std::holds_alternative<plan::Sliding>(node.kind)) return true;
  if (const auto* aggregate = std::get_if<plan::Aggregate>(&node.kind)) {
    return aggregate->emit == plan::EmitPolicy::PerStep && !aggregate->per_block;
  }
  if (const auto* top = std::get_if<plan::TopN>(&node.kind)) return top->emit == plan::EmitPolicy::PerStep;
  if (const auto* join = std::get_if<plan::Join>(&node.kind)) {
    return input || (join->kind == plan::JoinKind::Left && join->emit == plan::EmitPolicy::PerStep);
  }
  if (const auto* emit = std::get_if<plan::Emit>(&node.kind))
    return input && emit->mode == plan::EmitMode::Changes;
  return input;
}

plan::NodeId Context::add(plan::NodeKind kind, std::vector<plan::Input> inputs, plan::Schema schema,
                          std::uint32_t offset) {
  plan::Node node{std::move(kind), std::move(inputs), std::move(schema), false, true, offset, label};
  node.weighted = is_weighted(plan, node);
  plan.nodes.push_back(std::move(node));
  return static_cast<plan::NodeId>(plan.nodes.size() - 1);
}

plan::NodeId Context::add_same(plan::NodeKind kind, plan::NodeId input, std::uint32_t offset) {
  return add(std::move(kind), {{input, 0}}, plan.nodes[input].schema, offset);
}

Relation Context::filter(const Relation& input, std::vector<plan::ExpressionPtr> conjuncts,
                         std::uint32_t offset) {
  if (conjuncts.empty()) return input;
  Relation output = input;
  output.node = add_same(plan::Filter{std::move(conjuncts)}, input.node, offset);
  return output;
}

Relation Context::project(const Relation& input, std::vector<OutputColumn> outputs, std::uint32_t offset) {
  std::vector<std::optional<std::uint32_t>> to(schema(input).size());
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    const Expression& expression = *outputs[i].expression;
    if (expression.kind == Expression::Kind::Column && !to[expression.column]) to[expression.column] = i;
  }
  const auto carry = [&](std::uint32_t column) {
    if (to[column]) return;
    to[column] = static_cast<std::uint32_t>(outputs.size());
    outputs.push_back({"", this->column(input, column, offset), true});
  };
  if (input.seq) carry(*input.seq);
  if (input.window) carry(input.window->end);

  plan::Project node;
  plan::Schema output_schema;
  for (const OutputColumn& output : outputs) {
    node.expressions.push_back(output.expression);
    output_schema.push_back(
        {output.name.empty() ? text_of(input, *output.expression) : output.name, output.expression->type});
  }
  Relation relation = with_columns_moved(
      input, add(std::move(node), {{input.node, 0}}, std::move(output_schema), offset), to);
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    relation.columns.push_back({"", outputs[i].name, i, outputs[i].hidden, false, outputs[i].untyped});
  }
  return relation;
}

Relation Context::visible(const Relation& input, std::uint32_t offset) {
  plan::Project node;
  plan::Schema output_schema;
  std::vector<std::optional<std::uint32_t>> to(schema(input).size());
  std::vector<RelationColumn> columns;
  for (const RelationColumn& c : input.columns) {
    if (c.hidden || c.merged) continue;
    const auto place = static_cast<std::uint32_t>(node.expressions.size());
    if (!to[c.column]) to[c.column] = place;
    node.expressions.push_back(column(input, c.column, offset));
    output_schema.push_back({c.name, schema(input)[c.column].type});
    columns.push_back({"", c.name, place, false, false, c.untyped});
  }
  Relation relation = with_columns_moved(
      input, add(std::move(node), {{input.node, 0}}, std::move(output_schema), offset), to);
  relation.columns = std::move(columns);
  return relation;
}

std::string Context::text_of(const Relation& relation, const Expression& expression) const {
  std::vector<std::string> names;
  for (const plan::Column& column : schema(relation)) names.push_back(column.name);
  return plan::to_string(expression, names);
}

std::vector<std::uint32_t> Context::materialise(Relation& input,
                                                const std::vector<plan::ExpressionPtr>& values,
                                                std::uint32_t offset) {
  std::vector<std::uint32_t> places;
  std::vector<plan::ExpressionPtr> computed;
  const auto width = static_cast<std::uint32_t>(schema(input).size());
  for (const plan::ExpressionPtr& value : values) {
    if (value->kind == Expression::Kind::Column) {
      places.push_back(value->column);
      continue;
    }
    const auto same = std::find_if(computed.begin(), computed.end(),
                                   [&](const plan::ExpressionPtr& c) { return plan::equal(*c, *value); });
    places.push_back(width + static_cast<std::uint32_t>(same - computed.begin()));
    if (same == computed.end()) computed.push_back(value);
  }
  if (computed.empty()) return places;
  plan::Project node;
  plan::Schema output_schema = schema(input);
  for (std::uint32_t c = 0; c < width; ++c) node.expressions.push_back(column(input, c, offset));
  for (const plan::ExpressionPtr& value : computed) {
    node.expressions.push_back(value);
    output_schema.push_back({text_of(input, *value), value->type});
  }
  input.node = add(std::move(node), {{input.node, 0}}, std::move(output_schema), offset);
  return places;
}

Result<Relation> Context::scan(std::uint32_t table, std::uint32_t offset) {
  const plan::TableDefinition& definition = plan.tables[table];
  if (!table_readable[table]) {
    return fail(ErrorCode::Binding,
                fmt::format("table \"{}\" cannot be read: connector \"{}\" only writes", definition.name,
                            definition.connector),
                offset);
  }
  const auto width = static_cast<std::uint32_t>(definition.columns.size());
  if (!scans_.contains(table)) {
    plan::Scan node{table, {}};
    plan::Schema output_schema;
    for (std::uint32_t c = 0; c < width; ++c) {
      node.columns.push_back(c);
      output_schema.push_back({definition.columns[c].name, definition.columns[c].type});
    }
    node.columns.push_back(plan::Scan::kSeqColumn);
    node.columns.push_back(plan::Scan::kReadAtColumn);
    output_schema.push_back({"_seq", LogicalType::of(TypeId::BigInt)});
    output_schema.push_back({"_read_at", LogicalType::of(TypeId::TimestampTz)});
    std::string outer;
    std::swap(outer, label);
    scans_[table] = add(std::move(node), {}, std::move(output_schema), offset);
    std::swap(outer, label);
  }
  Relation relation;
  relation.node = scans_[table];
  for (std::uint32_t c = 0; c < width; ++c) {
    relation.columns.push_back({definition.name, definition.columns[c].name, c, false, false});
  }
  relation.columns.push_back({definition.name, "_seq", width, true, false});
  relation.columns.push_back({definition.name, "_read_at", width + 1, true, false});
  relation.seq = width;
  relation.bounded = table_bounded[table];
  if (definition.event_time) {
    const bool late_rows = definition.late == plan::LatePolicy::Update;
    const bool sorted = !late_rows && (definition.watermark_delay_us == 0 || !definition.tie_break.empty());
    relation.times.push_back({*definition.event_time, sorted, 0, late_rows});
  }
  return relation;
}

Relation Context::one_row(std::uint32_t offset) {
  if (!one_row_) {
    one_row_ = static_cast<std::uint32_t>(plan.tables.size());
    plan::TableDefinition table;
    table.name = plan::kOneRowConnector;
    table.connector = plan::kOneRowConnector;
    plan.tables.push_back(std::move(table));
    table_readable.push_back(true);
    table_writable.push_back(false);
    table_bounded.push_back(true);
  }
  Relation relation;
  relation.node = add(plan::Scan{*one_row_, {}}, {}, {}, offset);
  relation.no_seq_reason = "there is no FROM";
  relation.max_rows = 1;
  relation.bounded = true;
  return relation;
}

std::vector<std::string_view> Context::relation_names(const CteScope* ctes) const {
  std::vector<std::string_view> names;
  for (const CteScope* scope = ctes; scope != nullptr; scope = scope->outer) {
    for (const auto& [name, relation] : scope->relations) names.push_back(name);
  }
  for (const auto& [name, relation] : views) names.push_back(name);
  for (const auto& [name, table] : tables) names.push_back(name);
  return names;
}

}  // namespace dart::sql
