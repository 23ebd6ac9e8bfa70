#include <utility>

#include "plan/rewrite/graph.hpp"
#include "plan/rewrite/rules.hpp"

namespace dart::plan::rewrite {

namespace {

/// Makes `condition` a pair of keys when it is an equality of a left and a right column. Equal types only:
/// then equal keys are equal bytes.
bool take_key(Join& join, const Expression& condition, std::uint32_t left_width) {
  if (condition.kind != Expression::Kind::Call || condition.name != "=" || condition.arguments.size() != 2) {
    return false;
  }
  const Expression* left = condition.arguments[0].get();
  const Expression* right = condition.arguments[1].get();
  if (left->kind != Expression::Kind::Column || right->kind != Expression::Kind::Column) return false;
  if (left->type != right->type) return false;
  if (left->column >= left_width) std::swap(left, right);
  if (left->column >= left_width || right->column < left_width) return false;
  join.left_keys.push_back(left->column);
  join.right_keys.push_back(right->column - left_width);
  return true;
}

bool take_keys(Join& join, std::vector<ExpressionPtr>& conditions, std::uint32_t left_width) {
  return std::erase_if(conditions, [&](const ExpressionPtr& condition) {
           return take_key(join, *condition, left_width);
         }) != 0;
}

}  // namespace

bool find_join_keys(Plan& plan) {
  const std::vector<std::uint32_t> readers = count_readers(plan);
  const auto left_width = [&](const Node& join) {
    return static_cast<std::uint32_t>(plan.nodes[join.inputs.front().node].schema.size());
  };
  bool changed = false;
  for (Node& node : plan.nodes) {
    if (auto* join = std::get_if<Join>(&node.kind)) {
      changed = take_keys(*join, join->conditions, left_width(node)) || changed;
    }
    auto* filter = std::get_if<Filter>(&node.kind);
    if (filter == nullptr) continue;
    Node& below = plan.nodes[node.inputs.front().node];
    auto* join = std::get_if<Join>(&below.kind);
    if (join == nullptr || join->kind != JoinKind::Inner || readers[node.inputs.front().node] != 1) continue;
    changed = take_keys(*join, filter->conjuncts, left_width(below)) || changed;
  }
  return changed;
}

}  // namespace dart::plan::rewrite
