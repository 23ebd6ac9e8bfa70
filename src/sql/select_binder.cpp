#include "sql/select_binder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "sql/from_clause.hpp"
#include "sql/names.hpp"
#include "sql/over_stage.hpp"
#include "sql/rewrite.hpp"
#include "sql/top_n.hpp"

namespace dart::sql {

using plan::Expression;
using plan::ExpressionPtr;

Result<Relation> SelectBinder::bind() {
  DART_TRY_STATUS(refuse_unknown_clauses());
  DART_TRY(input_, bind_from_and_where(context_, ctes_, select_));
  ExpressionBinder binder(context_, input_, "SELECT");
  binder.collect_aggregates(aggregates_);
  binder.collect_over(overs_, select_["windowClause"]);
  DART_TRY_STATUS(bind_targets(binder));
  DART_TRY_STATUS(bind_group_keys());
  if (select_["havingClause"].present()) {
    ExpressionBinder having(context_, input_, "HAVING");
    having.collect_aggregates(aggregates_);
    DART_TRY(having_, having.bind_condition(select_["havingClause"]));
  }
  DART_TRY_STATUS(bind_keys(binder));
  DART_TRY_STATUS(apply_grouping());
  DART_TRY_STATUS(apply_windows());
  DART_TRY(Relation relation, apply_distinct(project()));
  return apply_order_and_limit(std::move(relation));
}

Status SelectBinder::refuse_unknown_clauses() const {
  if (select_["intoClause"].present()) {
    return fail(ErrorCode::Unsupported, "SELECT INTO is not supported", offset_,
                "write INSERT INTO sink SELECT ...");
  }
  if (select_["lockingClause"].present()) {
    return fail(ErrorCode::Unsupported, "FOR UPDATE is not supported", select_["lockingClause"].location());
  }
  if (select_["valuesLists"].present()) {
    return fail(ErrorCode::Unsupported, "VALUES alone is no input", select_.location(),
                "connector 'datagen' or a file gives rows");
  }
  for (const Tree& item : select_["groupClause"].items) {
    if (item.is("GroupingSet")) {
      return fail(ErrorCode::Unsupported, "GROUPING SETS, ROLLUP and CUBE are not supported", item.offset(),
                  "write one query for each set of keys");
    }
  }
  if (select_.flag("groupDistinct")) {
    return fail(ErrorCode::Unsupported, "GROUP BY DISTINCT is not supported", offset_);
  }
  return {};
}

Status SelectBinder::bind_star(const Tree& reference) {
  const std::vector<Tree>& fields = reference["fields"].items;
  const std::string qualifier = fields.size() == 2 ? fields[0].string("sval") : "";
  DART_TRY(const std::vector<const RelationColumn*> columns,
           star_columns(input_, qualifier, reference.offset()));
  for (const RelationColumn* column : columns) {
    outputs_.push_back({column->name, context_.column(input_, column->column, reference.offset()), false});
  }
  return {};
}

Status SelectBinder::bind_targets(ExpressionBinder& binder) {
  constexpr std::array<std::string_view, 7> kUnits = {"milliseconds", "seconds", "minutes", "hours",
                                                      "days",         "weeks",   "months"};
  for (const Tree& target : select_["targetList"].items) {
    const Tree& value = target["val"];
    const std::string& name = target.string("name");
    const bool is_star =
        value.is("ColumnRef") && !value["fields"].items.empty() && value["fields"].items.back().is("A_Star");
    if (is_star) {
      DART_TRY_STATUS(bind_star(value));
      continue;
    }
    const bool unit = std::find(kUnits.begin(), kUnits.end(), name) != kUnits.end();
    if (unit && value.is("TypeCast") && last_name(value["typeName"]["names"]) == "interval") {
      return fail(ErrorCode::Unsupported, fmt::format("this is an interval of seconds, named \"{}\"", name),
                  target.offset(), fmt::format("write the unit inside the quotes: INTERVAL '10 {}'", name));
    }
    DART_TRY(ExpressionPtr expression, binder.bind(value));
    ExpressionPtr untyped = expression->type.id == columnar::TypeId::Null ? expression : nullptr;
    DART_TRY(expression, settle_unknown(std::move(expression)));
    outputs_.push_back(
        {name.empty() ? output_name(value) : name, std::move(expression), false, std::move(untyped)});
  }
  if (outputs_.empty()) return fail(ErrorCode::Binding, "SELECT has no columns", offset_);
  if (outputs_.size() > limits::kColumns) {
    return fail(ErrorCode::Capacity, fmt::format("a SELECT has at most {} columns", limits::kColumns),
                offset_);
  }
  return {};
}

/// ORDER BY, GROUP BY and DISTINCT ON may name an output column by its place.
Result<std::optional<std::uint32_t>> SelectBinder::output_of(const Tree& tree,
                                                             std::string_view clause) const {
  if (!tree.is("A_Const")) return std::nullopt;
  if (!tree["ival"].present()) {
    return fail(ErrorCode::Binding, fmt::format("non-integer constant in {}", clause), tree.offset());
  }
  const std::int64_t place = tree["ival"]["ival"].number;
  if (place < 1 || place > static_cast<std::int64_t>(outputs_.size())) {
    return fail(ErrorCode::Binding, fmt::format("{} position {} is not in select list", clause, place),
                tree.offset());
  }
  return static_cast<std::uint32_t>(place - 1);
}

Status SelectBinder::bind_group_keys() {
  ExpressionBinder binder(context_, input_, "GROUP BY");
  for (const Tree& item : select_["groupClause"].items) {
    DART_TRY(std::optional<std::uint32_t> place, output_of(item, "GROUP BY"));
    // A name means a column of FROM first, then an output column.
    if (!place && item.is("ColumnRef") && item["fields"].items.size() == 1) {
      const std::string name(last_name(item["fields"]));
      if (!find_column(input_, "", name, item.offset())) {
        for (std::uint32_t i = 0; i < outputs_.size() && !place; ++i) {
          if (outputs_[i].name == name) place = i;
        }
      }
    }
    ExpressionPtr key;
    if (place) {
      key = outputs_[*place].expression;
    } else {
      DART_TRY(key, binder.bind_output(item));
    }
    bool depends_on_groups = false;
    DART_TRY([[maybe_unused]] const ExpressionPtr same,
             rewrite(key, [&](const ExpressionPtr& part) -> Result<ExpressionPtr> {
               depends_on_groups = depends_on_groups ||
                                   (part->kind == Expression::Kind::Column && part->column >= kAggregateBase);
               return ExpressionPtr();
             }));
    if (depends_on_groups) {
      return fail(ErrorCode::Binding, "aggregate and window functions are not allowed in GROUP BY",
                  item.offset());
    }
    group_keys_.push_back(std::move(key));
  }
  return {};
}

Result<SelectBinder::Key> SelectBinder::bind_key(ExpressionBinder& binder, const Tree& tree,
                                                 std::string_view clause) {
  Key key;
  key.offset = tree.offset();
  DART_TRY(key.output, output_of(tree, clause));
  // A name means an output column first, then a column of FROM.
  if (!key.output && tree.is("ColumnRef") && tree["fields"].items.size() == 1) {
    const std::string_view name = last_name(tree["fields"]);
    for (std::uint32_t i = 0; i < outputs_.size(); ++i) {
      if (outputs_[i].name != name) continue;
      if (key.output && !plan::equal(*outputs_[*key.output].expression, *outputs_[i].expression)) {
        return fail(ErrorCode::Binding, fmt::format("{} \"{}\" is ambiguous", clause, name), key.offset);
      }
      if (!key.output) key.output = i;
    }
  }
  if (key.output) return key;
  binder.set_clause(std::string(clause));
  DART_TRY(key.expression, binder.bind_output(tree));
  for (std::uint32_t i = 0; i < outputs_.size() && !key.output; ++i) {
    if (plan::equal(*outputs_[i].expression, *key.expression)) key.output = i;
  }
  return key;
}

Status SelectBinder::bind_keys(ExpressionBinder& binder) {
  for (const Tree& sort : select_["sortClause"].items) {
    if (sort.string("sortby_dir") == "SORTBY_USING") {
      return fail(ErrorCode::Unsupported, "ORDER BY ... USING is not supported", sort.offset(),
                  "write ASC or DESC");
    }
    DART_TRY(Key key, bind_key(binder, sort["node"], "ORDER BY"));
    key.descending = sort.string("sortby_dir") == "SORTBY_DESC";
    const std::string& nulls = sort.string("sortby_nulls");
    key.nulls_first = nulls == "SORTBY_NULLS_FIRST" || (key.descending && nulls != "SORTBY_NULLS_LAST");
    order_.push_back(std::move(key));
  }
  for (const Tree& item : select_["distinctClause"].items) {
    if (item.kind.empty()) continue;
    DART_TRY(Key key, bind_key(binder, item, "SELECT DISTINCT ON"));
    distinct_on_.push_back(std::move(key));
  }
  return {};
}

template <class F>
Status SelectBinder::each_expression(const F& rewrite_one) {
  const auto apply = [&](ExpressionPtr& expression) -> Status {
    if (!expression) return {};
    DART_TRY(expression, rewrite_one(expression));
    return {};
  };
  for (OutputColumn& output : outputs_) DART_TRY_STATUS(apply(output.expression));
  DART_TRY_STATUS(apply(having_));
  for (Key& key : order_) DART_TRY_STATUS(apply(key.expression));
  for (Key& key : distinct_on_) DART_TRY_STATUS(apply(key.expression));
  for (OverUse& use : overs_) {
    for (ExpressionPtr& e : use.partition) DART_TRY_STATUS(apply(e));
    for (OverUse::Order& o : use.order) DART_TRY_STATUS(apply(o.expression));
    for (ExpressionPtr& e : use.call.arguments) DART_TRY_STATUS(apply(e));
    DART_TRY_STATUS(apply(use.call.filter));
  }
  return {};
}

Status SelectBinder::apply_grouping() {
  if (group_keys_.empty() && aggregates_.empty() && !having_) return {};
  DART_TRY(const Grouping grouping,
           Grouping::build(context_, std::move(input_), std::move(group_keys_), aggregates_, offset_));
  input_ = grouping.relation();
  DART_TRY_STATUS(each_expression([&](const ExpressionPtr& e) { return grouping.lift(e); }));
  if (having_) {
    DART_TRY(input_, filter_rows(context_, std::move(input_), {having_}, having_->offset));
    having_.reset();
  }
  return {};
}

Status SelectBinder::apply_windows() {
  if (overs_.empty()) return {};
  std::vector<std::uint32_t> columns;
  DART_TRY(input_, apply_over(context_, std::move(input_), overs_, columns));
  overs_.clear();
  return each_expression([&](const ExpressionPtr& expression) {
    return rewrite(expression, [&](const ExpressionPtr& part) -> Result<ExpressionPtr> {
      if (part->kind != Expression::Kind::Column || part->column < kOverBase) return ExpressionPtr();
      return plan::make_column(columns[part->column - kOverBase], part->type, part->offset);
    });
  });
}

Relation SelectBinder::project() {
  std::vector<OutputColumn> all = outputs_;
  for (std::vector<Key>* keys : {&order_, &distinct_on_}) {
    for (Key& key : *keys) {
      if (key.output) continue;
      key.output = static_cast<std::uint32_t>(all.size());
      all.push_back({"", key.expression, true});
    }
  }
  return context_.project(input_, std::move(all), offset_);
}

Result<Relation> SelectBinder::apply_distinct(Relation relation) {
  if (!select_["distinctClause"].present()) return relation;
  if (!distinct_on_.empty()) {
    // The first row of each set, in the order of ORDER BY, whose first keys are the set's own.
    plan::TopN node;
    node.limit = 1;
    for (const Key& key : distinct_on_) node.partition.push_back(*key.output);
    const std::size_t shared = std::min(order_.size(), node.partition.size());
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const auto& partition = node.partition;
      const bool in_set = std::find(partition.begin(), partition.end(), *order_[i].output) != partition.end();
      if (i < shared && !in_set) {
        return fail(ErrorCode::Binding,
                    "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                    order_[i].offset);
      }
      if (!in_set) node.order.push_back({*order_[i].output, order_[i].descending, order_[i].nulls_first});
    }
    const auto by_seq = [&](const plan::SortKey& key) { return relation.seq == key.column; };
    if (node.order.empty() && !relation.seq) {
      return fail(
          ErrorCode::Binding,
          fmt::format("DISTINCT ON without a further ORDER BY depends on the order of the rows, and {}",
                      relation.no_seq_reason),
          offset_);
    }
    if (relation.seq && std::none_of(node.order.begin(), node.order.end(), by_seq)) {
      node.order.push_back({*relation.seq, false, false});
    }
    return top_n(context_, relation, std::move(node), offset_);
  }
  std::vector<ExpressionPtr> keys;
  for (std::uint32_t i = 0; i < outputs_.size(); ++i) keys.push_back(context_.column(relation, i, offset_));
  for (const Key& key : order_) {
    if (*key.output >= outputs_.size()) {
      return fail(ErrorCode::Binding, "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                  key.offset);
    }
  }
  DART_TRY(const Grouping grouping,
           Grouping::build(context_, std::move(relation), std::move(keys), {}, offset_));
  std::vector<OutputColumn> all;
  for (std::uint32_t i = 0; i < outputs_.size(); ++i) {
    all.push_back({outputs_[i].name, plan::make_column(i, outputs_[i].expression->type, offset_), false});
  }
  return context_.project(grouping.relation(), std::move(all), offset_);
}

Result<Relation> SelectBinder::apply_order_and_limit(Relation relation) {
  DART_TRY(const RowLimit limit, bind_row_limit(context_, select_));
  std::vector<plan::SortKey> order;
  for (const Key& key : order_) order.push_back({*key.output, key.descending, key.nulls_first});
  // Behind DISTINCT ON the order only chooses the rows, unless a limit or a final result asks for it.
  if (!distinct_on_.empty() && !limit.limit && limit.offset == 0) order.clear();
  return order_and_limit(context_, std::move(relation), std::move(order), limit,
                         order_.empty() ? offset_ : order_.front().offset);
}

Result<RowLimit> bind_row_limit(Context& context, const Tree& select) {
  RowLimit limit;
  if (select.string("limitOption") == "LIMIT_OPTION_WITH_TIES") {
    return fail(ErrorCode::Unsupported, "WITH TIES is not supported", select["limitCount"].offset(),
                "use LIMIT, with further columns in ORDER BY");
  }
  for (const std::string_view field : {"limitCount", "limitOffset"}) {
    const Tree& tree = select[field];
    if (!tree.present()) continue;
    const std::string_view clause = field == "limitCount" ? "LIMIT" : "OFFSET";
    const Relation nothing;
    if (tree.is("ColumnRef")) {
      return fail(ErrorCode::Binding, fmt::format("argument of {} must not contain variables", clause),
                  tree.offset());
    }
    DART_TRY(ExpressionPtr value, ExpressionBinder(context, nothing, std::string(clause)).bind(tree));
    DART_TRY(value, plan::make_cast(std::move(value), columnar::LogicalType::of(columnar::TypeId::BigInt),
                                    columnar::CastKind::Implicit, tree.offset()));
    if (value->kind != Expression::Kind::Literal) {
      return fail(ErrorCode::Unsupported, fmt::format("{} must be a constant", clause), tree.offset());
    }
    if (value->literal.is_null()) continue;
    if (value->literal.bigint() < 0) {
      return fail(ErrorCode::Binding, fmt::format("{} must not be negative", clause), tree.offset());
    }
    if (clause == "LIMIT") {
      limit.limit = value->literal.bigint();
    } else {
      limit.offset = value->literal.bigint();
    }
  }
  return limit;
}

Result<Relation> order_and_limit(Context& context, Relation relation, std::vector<plan::SortKey> order,
                                 const RowLimit& limit, std::uint32_t offset) {
  if (!limit.limit) {
    if (limit.offset != 0) {
      return fail(ErrorCode::Unsupported, "OFFSET without LIMIT is not supported", offset, "add LIMIT n");
    }
    relation.order = std::move(order);
    relation.order_pending = !relation.order.empty();
    relation.order_offset = offset;
    return relation;
  }
  if (order.empty()) {
    if (context.weighted(relation)) {
      return fail(ErrorCode::Unsupported,
                  "LIMIT without ORDER BY needs an append-only input: rows come and go here", offset,
                  "say which rows stay: ORDER BY ... LIMIT n");
    }
    relation.node = context.add_same(plan::Limit{limit.offset, *limit.limit}, relation.node, offset);
    relation.max_rows = std::min(relation.max_rows.value_or(*limit.limit), *limit.limit);
    return relation;
  }
  plan::TopN node;
  node.order = order;
  node.offset = limit.offset;
  node.limit = std::min(*limit.limit, kNoLimit - 1);
  Relation cut = top_n(context, relation, std::move(node), offset);
  cut.order = std::move(order);
  return cut;
}

}  // namespace dart::sql
