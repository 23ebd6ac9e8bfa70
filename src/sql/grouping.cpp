#include "sql/grouping.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sql/rewrite.hpp"

namespace dart::sql {

using plan::Expression;
using plan::ExpressionPtr;

namespace {

/// Equal keys once; with one bound of a window among them also the window's end, which changes no group.
std::vector<ExpressionPtr> complete_keys(const Context& context, const Relation& input,
                                         std::vector<ExpressionPtr> keys, std::uint32_t offset) {
  std::vector<ExpressionPtr> complete;
  bool per_window = false;
  bool has_end = false;
  for (ExpressionPtr& key : keys) {
    const auto same = [&](const ExpressionPtr& other) { return plan::equal(*key, *other); };
    if (std::any_of(complete.begin(), complete.end(), same)) continue;
    if (key->kind == Expression::Kind::Column && input.is_window_bound(key->column)) {
      per_window = true;
      has_end = has_end || key->column == input.window->end;
    }
    complete.push_back(std::move(key));
  }
  if (per_window && !has_end) complete.push_back(context.column(input, input.window->end, offset));
  return complete;
}

/// Blocks of count_window are whole within a step: groups inside one block live no longer.
bool is_per_block(const Relation& input, const std::vector<std::uint32_t>& keys) {
  if (!input.block) return false;
  const auto is_key = [&](std::uint32_t c) { return std::find(keys.begin(), keys.end(), c) != keys.end(); };
  return is_key(input.block->id) && std::all_of(input.block->keys.begin(), input.block->keys.end(), is_key);
}

/// What is known about groups from what was known about the rows.
Relation describe_groups(const Relation& input, const std::vector<std::uint32_t>& keys) {
  Relation groups;
  groups.bounded = input.bounded;
  groups.no_seq_reason = "groups have no order of their own";
  if (keys.empty()) groups.max_rows = 1;
  if (!input.window) return groups;
  WindowColumns window = *input.window;
  window.start.reset();
  bool has_end = false;
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == input.window->end) {
      window.end = i;
      has_end = true;
    } else if (input.window->start == keys[i]) {
      window.start = i;
    }
  }
  if (!has_end) return groups;
  groups.window = window;
  if (!window.closes) return groups;
  groups.times.push_back({window.end, true, 0, false});
  if (window.start && window.tumbling) groups.times.push_back({*window.start, true, window.size_us, false});
  return groups;
}

}  // namespace

Result<Grouping> Grouping::build(Context& context, Relation input, std::vector<ExpressionPtr> keys,
                                 const std::vector<AggregateUse>& aggregates, std::uint32_t offset) {
  Grouping grouping;
  for (const plan::Column& column : context.schema(input)) grouping.input_names_.push_back(column.name);
  grouping.keys_ = complete_keys(context, input, std::move(keys), offset);
  std::vector<ExpressionPtr> values = grouping.keys_;
  for (const AggregateUse& use : aggregates) {
    values.insert(values.end(), use.arguments.begin(), use.arguments.end());
    if (use.filter) values.push_back(use.filter);
  }
  const std::vector<std::uint32_t> places = context.materialise(input, values, offset);
  auto place = places.begin();

  plan::Aggregate node;
  plan::Schema schema;
  for (const ExpressionPtr& key : grouping.keys_) {
    node.keys.push_back(*place++);
    schema.push_back({context.schema(input)[node.keys.back()].name, key->type});
  }
  for (const AggregateUse& use : aggregates) {
    plan::AggregateCall call{use.name, {}, use.direct, std::nullopt, use.distinct, std::nullopt, use.bound};
    for (std::size_t i = 0; i < use.arguments.size(); ++i) call.arguments.push_back(*place++);
    if (use.filter) call.filter = *place++;
    if (use.bound.ordered) {
      if (!input.seq) {
        return fail(
            ErrorCode::Binding,
            fmt::format("{}() depends on the order of the rows, and {}", use.name, input.no_seq_reason),
            use.offset);
      }
      call.position = input.seq;
    }
    schema.push_back({use.name, use.bound.result});
    node.calls.push_back(std::move(call));
  }
  node.per_block = is_per_block(input, node.keys);
  grouping.relation_ = describe_groups(input, node.keys);
  if (grouping.relation_.window && grouping.relation_.window->closes)
    node.expires_by_key = grouping.relation_.window->end;
  grouping.relation_.node = context.add(std::move(node), {{input.node, 0}}, std::move(schema), offset);
  return grouping;
}

Result<ExpressionPtr> Grouping::lift(const ExpressionPtr& expression) const {
  return rewrite(expression, [&](const ExpressionPtr& part) -> Result<ExpressionPtr> {
    for (std::uint32_t k = 0; k < keys_.size(); ++k) {
      if (plan::equal(*keys_[k], *part)) return plan::make_column(k, part->type, part->offset);
    }
    if (part->kind != Expression::Kind::Column || part->column >= kOverBase) return ExpressionPtr();
    if (part->column >= kAggregateBase) {
      const auto place = static_cast<std::uint32_t>(keys_.size()) + part->column - kAggregateBase;
      return plan::make_column(place, part->type, part->offset);
    }
    return fail(
        ErrorCode::Binding,
        fmt::format("column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                    input_names_[part->column]),
        part->offset);
  });
}

}  // namespace dart::sql
