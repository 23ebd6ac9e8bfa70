#include "sql/over_stage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sql/top_n.hpp"

namespace dart::sql {

using plan::Expression;
using plan::ExpressionPtr;

namespace {

/// The order that rows come in anyway.
struct StreamOrder {
  std::uint32_t column = 0;
  bool unique = false;
  bool is_time = false;
};

/// The column whose order ORDER BY asks for when the rows come sorted like that.
std::optional<StreamOrder> stream_order(const Relation& input, const std::vector<OverUse::Order>& order) {
  std::optional<StreamOrder> found;
  for (const OverUse::Order& key : order) {
    if (found && found->unique) return found;
    if (key.descending || key.expression->kind != Expression::Kind::Column) return std::nullopt;
    const std::uint32_t column = key.expression->column;
    const TimeColumn* time = input.time_of(column);
    if (input.seq == column && input.seq_sorted) {
      found = StreamOrder{column, input.seq_unique, false};
    } else if (time != nullptr && time->sorted && !found) {
      found = StreamOrder{column, false, true};
    } else {
      return std::nullopt;
    }
  }
  return found;
}

bool same_window(const OverUse& a, const OverUse& b) {
  const auto equal = [](const ExpressionPtr& x, const ExpressionPtr& y) { return plan::equal(*x, *y); };
  const auto equal_order = [](const OverUse::Order& x, const OverUse::Order& y) {
    return plan::equal(*x.expression, *y.expression) && x.descending == y.descending &&
           x.nulls_first == y.nulls_first;
  };
  return std::equal(a.partition.begin(), a.partition.end(), b.partition.begin(), b.partition.end(), equal) &&
         std::equal(a.order.begin(), a.order.end(), b.order.begin(), b.order.end(), equal_order);
}

Status check_stream(const Context& context, const Relation& input, const OverUse& use,
                    const std::optional<StreamOrder>& order) {
  const std::uint32_t offset = use.call.offset;
  const std::string name = fmt::format("{}() OVER", use.call.name);
  if (context.weighted(input)) {
    return fail(
        ErrorCode::Unsupported, fmt::format("{} needs an append-only input; this one takes rows back", name),
        offset,
        "put it over a table, or over a materialized view WITH (emit = 'window_close' or 'on_change')");
  }
  if (use.order.empty()) {
    return fail(ErrorCode::Unsupported,
                fmt::format("{} needs ORDER BY: a row is answered when it comes", name), offset,
                "order by _seq or by the event time");
  }
  if (!order) {
    return fail(ErrorCode::Unsupported, fmt::format("{} needs the order in which the rows come", name),
                offset, "order by _seq, or by the event time of rows that come sorted");
  }
  const plan::Frame& frame = use.frame;
  if (frame.unit == plan::Frame::Unit::Range && frame.preceding.value_or(0) > 0 && !order->is_time) {
    return fail(ErrorCode::Binding, "RANGE with an interval needs ORDER BY on the event time alone", offset);
  }
  return {};
}

Relation add_over(Context& context, Relation input, const std::vector<const OverUse*>& uses,
                  const StreamOrder& order) {
  std::vector<ExpressionPtr> values = uses.front()->partition;
  for (const OverUse* use : uses) {
    values.insert(values.end(), use->call.arguments.begin(), use->call.arguments.end());
    if (use->call.filter) values.push_back(use->call.filter);
  }
  const std::uint32_t offset = uses.front()->call.offset;
  const std::vector<std::uint32_t> places = context.materialise(input, values, offset);
  auto place = places.begin();
  plan::Over node;
  node.order = order.column;
  for (std::size_t i = 0; i < uses.front()->partition.size(); ++i) node.partition.push_back(*place++);
  plan::Schema schema = context.schema(input);
  for (const OverUse* use : uses) {
    plan::OverCall call{use->call.name,     {},         use->call.direct, std::nullopt,
                        use->call.distinct, use->frame, use->call.bound};
    for (std::size_t i = 0; i < use->call.arguments.size(); ++i) call.arguments.push_back(*place++);
    if (use->call.filter) call.filter = *place++;
    const bool is_aggregate = use->call.bound.init != nullptr;
    node.peers = node.peers || (is_aggregate && call.frame.unit == plan::Frame::Unit::Range && !order.unique);
    schema.push_back({use->call.name, use->type});
    node.calls.push_back(std::move(call));
  }
  Relation relation = input;
  relation.node = context.add(std::move(node), {{input.node, 0}}, std::move(schema), offset);
  return relation;
}

Relation add_row_number(Context& context, Relation input, const OverUse& use) {
  std::vector<ExpressionPtr> values = use.partition;
  for (const OverUse::Order& key : use.order) values.push_back(key.expression);
  const std::vector<std::uint32_t> places = context.materialise(input, values, use.call.offset);
  plan::TopN node;
  node.limit = kNoLimit;
  node.with_rank = true;
  const auto split = places.begin() + static_cast<std::ptrdiff_t>(use.partition.size());
  node.partition.assign(places.begin(), split);
  for (std::size_t i = 0; i < use.order.size(); ++i) {
    node.order.push_back(
        {*(split + static_cast<std::ptrdiff_t>(i)), use.order[i].descending, use.order[i].nulls_first});
  }
  return top_n(context, input, std::move(node), use.call.offset);
}

}  // namespace

Result<Relation> apply_over(Context& context, Relation input, const std::vector<OverUse>& uses,
                            std::vector<std::uint32_t>& columns) {
  columns.assign(uses.size(), 0);
  std::vector<bool> done(uses.size());
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (done[i]) continue;
    const std::optional<StreamOrder> order = stream_order(input, uses[i].order);
    const bool in_stream = order && !context.weighted(input);
    if (uses[i].call.name == "row_number" && !in_stream && !uses[i].order.empty()) {
      if (input.rank) {
        return fail(ErrorCode::Unsupported,
                    "two row_number() in different orders in one SELECT are not supported",
                    uses[i].call.offset, "put one of them into a sub-query with its own WHERE rk <= n");
      }
      input = add_row_number(context, std::move(input), uses[i]);
      columns[i] = *input.rank;
      continue;
    }
    std::vector<const OverUse*> together;
    std::vector<std::size_t> members;
    for (std::size_t k = i; k < uses.size(); ++k) {
      if (done[k] || !same_window(uses[i], uses[k])) continue;
      DART_TRY_STATUS(check_stream(context, input, uses[k], order));
      together.push_back(&uses[k]);
      members.push_back(k);
      done[k] = true;
    }
    input = add_over(context, std::move(input), together, *order);
    const auto width = context.schema(input).size();
    for (std::size_t m = 0; m < members.size(); ++m) {
      columns[members[m]] = static_cast<std::uint32_t>(width - members.size() + m);
    }
  }
  return input;
}

}  // namespace dart::sql
