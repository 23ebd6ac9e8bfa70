#include <algorithm>
#include <limits>

#include "sql/from_clause.hpp"
#include "sql/top_n.hpp"

/// `WHERE rk <= 10` over a row number: the limit of the top-n that counts the rows.
namespace dart::sql {

using plan::Expression;
using plan::ExpressionPtr;

namespace {

struct Bounds {
  std::int64_t low = 1;
  std::int64_t high = kNoLimit;
};

/// What one comparison with a constant says about the row number; false when it says nothing.
bool narrow(const Expression& condition, std::uint32_t rank, Bounds& bounds) {
  if (condition.kind == Expression::Kind::And) {
    return std::all_of(condition.arguments.begin(), condition.arguments.end(),
                       [&](const ExpressionPtr& inner) { return narrow(*inner, rank, bounds); });
  }
  if (condition.kind != Expression::Kind::Call || condition.arguments.size() != 2) return false;
  const Expression& a = *condition.arguments[0];
  const Expression& b = *condition.arguments[1];
  const auto is_rank = [&](const Expression& e) {
    return e.kind == Expression::Kind::Column && e.column == rank;
  };
  const bool mirrored = is_rank(b);
  const Expression& constant = mirrored ? a : b;
  if (!is_rank(mirrored ? b : a) || constant.kind != Expression::Kind::Literal ||
      constant.literal.is_null() || !constant.type.is_integer()) {
    return false;
  }
  const std::int64_t value = constant.literal.bigint();
  const std::string& name = condition.name;
  const std::string_view at_most = mirrored ? ">=" : "<=";
  const std::string_view below = mirrored ? ">" : "<";
  const std::string_view at_least = mirrored ? "<=" : ">=";
  const std::string_view above = mirrored ? "<" : ">";
  if (name == at_most || name == "=") bounds.high = std::min(bounds.high, value);
  if (name == below) bounds.high = std::min(bounds.high, value == INT64_MIN ? value : value - 1);
  if (name == at_least || name == "=") bounds.low = std::max(bounds.low, value);
  if (name == above) bounds.low = std::max(bounds.low, value == INT64_MAX ? value : value + 1);
  return name == "=" || name == at_most || name == below || name == at_least || name == above;
}

/// Copies the nodes down to the unlimited top-n, which gets the limit.
plan::NodeId with_limit(Context& context, plan::NodeId id, std::int64_t limit) {
  const plan::Node original = context.plan.nodes[id];
  plan::NodeKind kind = original.kind;
  std::vector<plan::Input> inputs = original.inputs;
  if (auto* top = std::get_if<plan::TopN>(&kind); top != nullptr && top->limit == kNoLimit) {
    top->limit = limit;
  } else {
    inputs.front().node = with_limit(context, inputs.front().node, limit);
  }
  std::string label = original.label;
  std::swap(label, context.label);
  const plan::NodeId copy = context.add(std::move(kind), std::move(inputs), original.schema, original.offset);
  std::swap(label, context.label);
  return copy;
}

}  // namespace

Result<Relation> filter_rows(Context& context, Relation input, std::vector<ExpressionPtr> conjuncts,
                             std::uint32_t offset) {
  if (!input.rank) return context.filter(input, std::move(conjuncts), offset);
  Bounds bounds;
  std::vector<ExpressionPtr> kept;
  for (ExpressionPtr& conjunct : conjuncts) {
    Bounds own;
    const bool about_rank = narrow(*conjunct, *input.rank, own);
    // Row numbers begin at 1, so an upper bound alone is all done by the limit.
    if (!about_rank || own.low > 1) kept.push_back(std::move(conjunct));
    if (!about_rank) continue;
    bounds.high = std::min(bounds.high, own.high);
  }
  if (bounds.high != kNoLimit) {
    input.node = with_limit(context, input.node, std::max<std::int64_t>(bounds.high, 0));
    input.rank.reset();
  }
  return context.filter(input, std::move(kept), offset);
}

}  // namespace dart::sql
