#include "plan/rewrite/graph.hpp"

#include <numeric>
#include <utility>

#include "base/check.hpp"

namespace dart::plan::rewrite {

std::vector<std::uint32_t> count_readers(const Plan& plan) {
  std::vector<std::uint32_t> readers(plan.nodes.size(), 0);
  for (const Node& node : plan.nodes) {
    for (const Input& input : node.inputs) ++readers[input.node];
  }
  return readers;
}

NodeId insert_above(Plan& plan, Input from, Node node) {
  const NodeId place = from.node + 1;
  node.inputs = {from};
  for (NodeId id = place; id < plan.nodes.size(); ++id) {
    for (Input& input : plan.nodes[id].inputs) {
      if (input.node == from.node && input.output == from.output) {
        input = {place, 0};
      } else if (input.node >= place) {
        ++input.node;
      }
    }
  }
  plan.nodes.insert(plan.nodes.begin() + place, std::move(node));
  return place;
}

NodeId insert_below(Plan& plan, NodeId id, std::size_t port, Node node) {
  node.inputs = {plan.nodes[id].inputs[port]};
  for (NodeId later = id; later < plan.nodes.size(); ++later) {
    for (Input& input : plan.nodes[later].inputs) {
      if (input.node >= id) ++input.node;
    }
  }
  plan.nodes[id].inputs[port] = {id, 0};
  plan.nodes.insert(plan.nodes.begin() + id, std::move(node));
  return id + 1;
}

void bypass(Plan& plan, NodeId id) {
  DART_CHECK(plan.nodes[id].inputs.size() == 1);
  const Input source = plan.nodes[id].inputs.front();
  for (Node& node : plan.nodes) {
    for (Input& input : node.inputs) {
      if (input.node == id) input = source;
    }
  }
}

bool drop_unread(Plan& plan) {
  std::vector<bool> needed(plan.nodes.size(), false);
  for (std::size_t i = plan.nodes.size(); i-- > 0;) {
    if (std::holds_alternative<Sink>(plan.nodes[i].kind)) needed[i] = true;
    if (!needed[i]) continue;
    for (const Input& input : plan.nodes[i].inputs) needed[input.node] = true;
  }
  std::vector<NodeId> place(plan.nodes.size(), 0);
  std::vector<Node> kept;
  for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
    if (!needed[i]) continue;
    place[i] = static_cast<NodeId>(kept.size());
    kept.push_back(std::move(plan.nodes[i]));
    for (Input& input : kept.back().inputs) input.node = place[input.node];
  }
  const bool changed = kept.size() != plan.nodes.size();
  plan.nodes = std::move(kept);
  return changed;
}

const columnar::LogicalType& column_type(const Plan& plan, const Input& input, std::uint32_t column) {
  const Schema& schema = plan.nodes[input.node].schema;
  DART_CHECK(column < schema.size());
  return schema[column].type;
}

Node pick_columns(const Plan& plan, const Input& from, const std::vector<std::uint32_t>& columns) {
  const Node& source = plan.nodes[from.node];
  Project project;
  Node node;
  for (const std::uint32_t column : columns) {
    project.expressions.push_back(make_column(column, column_type(plan, from, column), source.offset));
    node.schema.push_back(source.schema[column]);
  }
  node.kind = std::move(project);
  node.offset = source.offset;
  node.label = source.label;
  return node;
}

bool is_trivial(const Expression& expression) {
  return expression.kind == Expression::Kind::Column || expression.kind == Expression::Kind::Literal;
}

bool reads_only(const Expression& expression, std::uint32_t begin, std::uint32_t end) {
  if (expression.kind == Expression::Kind::Column)
    return begin <= expression.column && expression.column < end;
  for (const ExpressionPtr& argument : expression.arguments) {
    if (!reads_only(*argument, begin, end)) return false;
  }
  return true;
}

void count_columns(const Expression& expression, std::vector<std::uint32_t>& counts) {
  if (expression.kind == Expression::Kind::Column) ++counts[expression.column];
  for (const ExpressionPtr& argument : expression.arguments) count_columns(*argument, counts);
}

std::vector<std::uint32_t> identity(std::size_t width) {
  std::vector<std::uint32_t> columns(width);
  std::iota(columns.begin(), columns.end(), 0U);
  return columns;
}

}  // namespace dart::plan::rewrite
