#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "plan/bind.hpp"
#include "plan/plan.hpp"

namespace dart::plan::testing {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;

/// Builds naive plans for tests: `weighted` is set as derived, `stepped` nowhere.
class PlanMaker {
 public:
  /// A table trips(a bigint, b bigint, s text, ts timestamp) with event time ts.
  std::uint32_t table(std::string name = "trips") {
    TableDefinition table;
    table.name = std::move(name);
    table.columns = {{"a", LogicalType::of(TypeId::BigInt), false},
                     {"b", LogicalType::of(TypeId::BigInt), false},
                     {"s", LogicalType::of(TypeId::Text), false},
                     {"ts", LogicalType::of(TypeId::Timestamp), true}};
    table.connector = "file";
    table.format = "csv";
    table.event_time = 3;
    plan.tables.push_back(std::move(table));
    return static_cast<std::uint32_t>(plan.tables.size() - 1);
  }

  NodeId scan(std::uint32_t table, const std::vector<std::uint32_t>& columns) {
    Schema schema;
    for (const std::uint32_t c : columns) {
      if (c == Scan::kSeqColumn) {
        schema.push_back({"_seq", LogicalType::of(TypeId::BigInt)});
      } else {
        schema.push_back({plan.tables[table].columns[c].name, plan.tables[table].columns[c].type});
      }
    }
    return add(Scan{table, columns}, {}, std::move(schema));
  }
  NodeId filter(NodeId input, std::vector<ExpressionPtr> conjuncts) {
    return add(Filter{std::move(conjuncts)}, {input}, schema(input), weighted(input));
  }
  NodeId project(NodeId input, std::vector<ExpressionPtr> expressions,
                 const std::vector<std::string>& names) {
    Schema schema;
    for (std::size_t i = 0; i < names.size(); ++i) schema.push_back({names[i], expressions[i]->type});
    return add(Project{std::move(expressions)}, {input}, std::move(schema), weighted(input));
  }
  NodeId window(NodeId input, std::uint32_t time, std::int64_t size, std::int64_t slide) {
    Schema out = schema(input);
    out.push_back({"window_start", out[time].type});
    out.push_back({"window_end", out[time].type});
    return add(WindowAssign{time, size, slide}, {input}, std::move(out), weighted(input));
  }
  NodeId sliding(NodeId input, std::uint32_t time, std::int64_t size) {
    return add(Sliding{time, size}, {input}, schema(input), true);
  }
  NodeId aggregate(NodeId input, Aggregate kind, const std::vector<std::string>& names) {
    Node node;
    node.inputs = {{input, 0}};
    node.weighted = kind.emit == EmitPolicy::PerStep && !kind.per_block;
    node.kind = std::move(kind);
    EXPECT_TRUE(bind_calls(plan, node));
    const auto& bound = std::get<Aggregate>(node.kind);
    for (const std::uint32_t key : bound.keys) node.schema.push_back(schema(input)[key]);
    for (std::size_t i = 0; i < bound.calls.size(); ++i) {
      node.schema.push_back({names[i], bound.calls[i].bound.result});
    }
    plan.nodes.push_back(std::move(node));
    return last();
  }
  NodeId top(NodeId input, TopN kind) {
    Schema out = schema(input);
    if (kind.with_rank) out.push_back({"rk", LogicalType::of(TypeId::BigInt)});
    const bool is_weighted = kind.emit == EmitPolicy::PerStep;
    return add(std::move(kind), {input}, std::move(out), is_weighted);
  }
  NodeId join(NodeId left, NodeId right, Join kind) {
    Schema out = schema(left);
    const Schema& more = schema(right);
    out.insert(out.end(), more.begin(), more.end());
    const bool is_weighted = kind.kind == JoinKind::Left || weighted(left) || weighted(right);
    return add(std::move(kind), {left, right}, std::move(out), is_weighted);
  }
  NodeId union_all(const std::vector<NodeId>& inputs) {
    bool is_weighted = false;
    for (const NodeId input : inputs) is_weighted = is_weighted || weighted(input);
    return add(UnionAll{}, inputs, schema(inputs.front()), is_weighted);
  }
  NodeId emit(NodeId input, Emit kind) {
    const bool is_weighted = kind.mode == EmitMode::Changes && weighted(input);
    return add(std::move(kind), {input}, schema(input), is_weighted);
  }
  /// Into a table of its own that has just the input's columns.
  NodeId sink(NodeId input, std::string name = "out") {
    TableDefinition table;
    table.name = std::move(name);
    for (const Column& column : schema(input)) table.columns.push_back({column.name, column.type, false});
    table.connector = "blackhole";
    plan.tables.push_back(std::move(table));
    return add(Sink{static_cast<std::uint32_t>(plan.tables.size() - 1)}, {input}, schema(input),
               weighted(input));
  }
  NodeId add(NodeKind kind, const std::vector<NodeId>& inputs, Schema schema, bool is_weighted = false) {
    Node node;
    node.kind = std::move(kind);
    for (const NodeId input : inputs) node.inputs.push_back({input, 0});
    node.schema = std::move(schema);
    node.weighted = is_weighted;
    plan.nodes.push_back(std::move(node));
    return last();
  }

  [[nodiscard]] ExpressionPtr column(NodeId node, std::uint32_t c) const {
    return make_column(c, plan.nodes[node].schema[c].type);
  }
  [[nodiscard]] const Schema& schema(NodeId node) const { return plan.nodes[node].schema; }
  [[nodiscard]] bool weighted(NodeId node) const { return plan.nodes[node].weighted; }
  [[nodiscard]] NodeId last() const { return static_cast<NodeId>(plan.nodes.size() - 1); }

  Plan plan;
};

inline ExpressionPtr call(std::string name, std::vector<ExpressionPtr> arguments) {
  auto made = make_call(std::move(name), std::move(arguments));
  if (!made) {
    ADD_FAILURE() << made.error().message;
    return make_literal(Value());
  }
  return *made;
}
inline ExpressionPtr number(std::int64_t value) { return make_literal(Value::bigint(value)); }
inline AggregateCall aggregate_call(std::string name, std::vector<std::uint32_t> arguments) {
  AggregateCall call;
  call.name = std::move(name);
  call.arguments = std::move(arguments);
  return call;
}

}  // namespace dart::plan::testing
