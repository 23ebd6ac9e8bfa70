#include "plan/place_column.hpp"

#include <algorithm>

namespace dart::plan {

namespace {

using Columns = std::vector<bool>;

bool reads_any(const Expression& expression, const Columns& marked) {
  if (expression.kind == Expression::Kind::Column) return marked[expression.column];
  return std::any_of(expression.arguments.begin(), expression.arguments.end(),
                     [&](const ExpressionPtr& argument) { return reads_any(*argument, marked); });
}

bool reads_any(const std::vector<ExpressionPtr>& expressions, const Columns& marked) {
  return std::any_of(expressions.begin(), expressions.end(),
                     [&](const ExpressionPtr& one) { return reads_any(*one, marked); });
}

bool any_of(const std::vector<std::uint32_t>& columns, const Columns& marked) {
  return std::any_of(columns.begin(), columns.end(), [&](std::uint32_t column) { return marked[column]; });
}

/// One node: false when it looks at a marked value; otherwise `out` says where the value stands in its
/// output.
struct Looker {
  const Node& node;
  const std::vector<const Columns*>& inputs;
  Columns& out;

  [[nodiscard]] const Columns& first() const { return *inputs.front(); }
  bool pass() {
    std::copy_n(first().begin(), std::min(first().size(), out.size()), out.begin());
    return true;
  }
  [[nodiscard]] bool none() const { return std::find(first().begin(), first().end(), true) == first().end(); }

  bool operator()(const Scan&) { return true; }
  bool operator()(const Filter& filter) { return !reads_any(filter.conjuncts, first()) && pass(); }
  bool operator()(const Project& project) {
    for (std::size_t e = 0; e < project.expressions.size(); ++e) {
      const Expression& expression = *project.expressions[e];
      if (expression.kind == Expression::Kind::Column) {
        out[e] = first()[expression.column];
      } else if (reads_any(expression, first())) {
        return false;
      }
    }
    return true;
  }
  bool operator()(const WindowAssign& window) { return !first()[window.time_column] && pass(); }
  bool operator()(const Sliding& sliding) { return !first()[sliding.time_column] && pass(); }
  bool operator()(const CountWindow& window) { return !any_of(window.keys, first()) && pass(); }
  bool operator()(const Aggregate& aggregate) {
    if (any_of(aggregate.keys, first())) return false;
    return std::none_of(aggregate.calls.begin(), aggregate.calls.end(), [&](const AggregateCall& call) {
      return any_of(call.arguments, first()) || (call.filter && first()[*call.filter]);
    });
  }
  bool operator()(const TopN& top) { return !any_of(top.partition, first()) && pass(); }
  bool operator()(const Over& over) {
    if (any_of(over.partition, first())) return false;
    for (const OverCall& call : over.calls) {
      if (any_of(call.arguments, first()) || (call.filter && first()[*call.filter])) return false;
      if (call.frame.unit == Frame::Unit::Range && call.frame.preceding && first()[over.order]) return false;
    }
    return pass();
  }
  bool operator()(const Join& join) {
    const Columns& right = *inputs[1];
    if (any_of(join.left_keys, first()) || any_of(join.right_keys, right)) return false;
    Columns both = first();
    both.insert(both.end(), right.begin(), right.end());
    if (reads_any(join.conditions, both)) return false;
    std::copy_n(both.begin(), std::min(both.size(), out.size()), out.begin());
    return true;
  }
  bool operator()(const UnionAll&) {
    for (const Columns* input : inputs) {
      for (std::size_t c = 0; c < out.size(); ++c) out[c] = out[c] || (*input)[c];
    }
    return true;
  }
  bool operator()(const Expand& expand) {
    return std::none_of(expand.lists.begin(), expand.lists.end(),
                        [&](const auto& list) { return reads_any(list, first()); }) &&
           pass();
  }
  bool operator()(const Limit&) { return pass(); }
  bool operator()(const Emit&) { return none(); }
  bool operator()(const Sink&) { return none(); }
};

}  // namespace

bool place_only_orders(const Plan& plan, NodeId scan) {
  std::vector<Columns> marked(plan.nodes.size());
  for (NodeId n = 0; n < plan.nodes.size(); ++n) {
    const Node& node = plan.nodes[n];
    marked[n].assign(node.schema.size(), false);
    if (n == scan) {
      const auto& columns = std::get<Scan>(node.kind).columns;
      for (std::size_t c = 0; c < columns.size(); ++c) marked[n][c] = columns[c] == Scan::kSeqColumn;
      continue;
    }
    std::vector<const Columns*> inputs;
    for (const Input& input : node.inputs) inputs.push_back(&marked[input.node]);
    if (!std::visit(Looker{node, inputs, marked[n]}, node.kind)) return false;
  }
  return true;
}

}  // namespace dart::plan
