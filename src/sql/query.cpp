#include "sql/query.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "sql/expression_binder.hpp"
#include "sql/grouping.hpp"
#include "sql/names.hpp"
#include "sql/select_binder.hpp"

namespace dart::sql {

using columnar::LogicalType;
using plan::ExpressionPtr;

namespace {

Result<Relation> bind_cte(Context& context, const CteScope* scope, const Tree& cte) {
  const std::string& name = cte.string("ctename");
  const Tree& query = cte["ctequery"];
  if (!query.is("SelectStmt")) {
    return fail(ErrorCode::Unsupported, "only SELECT can stand in WITH", cte.location());
  }
  std::string label = name;
  std::swap(label, context.label);
  auto relation = bind_query(context, scope, query);
  std::swap(label, context.label);
  if (!relation) return relation;
  DART_TRY_STATUS(refuse_order(*relation));
  relation->order.clear();
  relation->qualify(name);
  DART_TRY_STATUS(
      rename_columns(*relation, cte["aliascolnames"], fmt::format("WITH query \"{}\"", name), cte.offset()));
  return relation;
}

Status bind_with(Context& context, CteScope& scope, const Tree& with) {
  if (with.flag("recursive")) {
    return fail(ErrorCode::Unsupported, "WITH RECURSIVE is not supported", with.location());
  }
  for (const Tree& cte : with["ctes"].items) {
    const std::string& name = cte.string("ctename");
    if (scope.relations.contains(name)) {
      return fail(ErrorCode::Binding, fmt::format("WITH query name \"{}\" specified more than once", name),
                  cte.location());
    }
    DART_TRY(Relation relation, bind_cte(context, &scope, cte));
    scope.relations.emplace(name, std::move(relation));
  }
  return {};
}

bool is_union(const Tree& select) {
  return select.string("op") == "SETOP_UNION" && !select["sortClause"].present() &&
         !select["limitCount"].present() && !select["withClause"].present();
}

/// The arms of a chain of UNION ALL, left to right.
std::vector<const Tree*> arms_of(const Tree& select) {
  std::vector<const Tree*> arms;
  const Tree* left = &select["larg"];
  arms.push_back(&select["rarg"]);
  while (is_union(*left) && left->flag("all") == select.flag("all")) {
    arms.push_back(&(*left)["rarg"]);
    left = &(*left)["larg"];
  }
  arms.push_back(left);
  std::reverse(arms.begin(), arms.end());
  return arms;
}

/// What all arms know of the same columns.
void keep_shared_knowledge(Relation& relation, const std::vector<Relation>& arms) {
  relation.no_seq_reason = "the rows of a UNION have no single order";
  relation.bounded = std::all_of(arms.begin(), arms.end(), [](const Relation& a) { return a.bounded; });
  for (TimeColumn time : arms.front().times) {
    const auto same = [&](const Relation& arm) {
      const TimeColumn* other = arm.time_of(time.column);
      return other != nullptr && other->multiple_us == time.multiple_us;
    };
    time.sorted = false;
    if (std::all_of(arms.begin(), arms.end(), same)) relation.times.push_back(time);
  }
  const auto& window = arms.front().window;
  if (!window) return;
  const auto same_window = [&](const Relation& arm) {
    return arm.window && arm.window->end == window->end && arm.window->start == window->start &&
           arm.window->size_us == window->size_us && arm.window->tumbling == window->tumbling;
  };
  if (std::all_of(arms.begin(), arms.end(), same_window)) relation.window = window;
}

Result<Relation> bind_arm(Context& context, const CteScope* ctes, const Tree& tree) {
  DART_TRY(Relation relation, bind_query(context, ctes, tree));
  DART_TRY_STATUS(refuse_order(relation));
  return context.visible(relation, tree["targetList"].offset());
}

/// A column of an arm, or the literal that it is everywhere.
ExpressionPtr column_value(const Context& context, const Relation& arm, std::uint32_t column,
                           std::uint32_t offset) {
  const ExpressionPtr& untyped = arm.columns[column].untyped;
  return untyped ? untyped : context.column(arm, column, offset);
}

Result<Relation> union_all(Context& context, std::vector<Relation> arms, std::uint32_t offset) {
  const std::size_t width = arms.front().columns.size();
  std::vector<LogicalType> types;
  for (std::size_t c = 0; c < width; ++c) {
    std::vector<LogicalType> candidates;
    for (const Relation& arm : arms) {
      if (arm.columns.size() != width) {
        return fail(ErrorCode::Binding, "each UNION query must have the same number of columns", offset);
      }
      candidates.push_back(column_value(context, arm, static_cast<std::uint32_t>(c), offset)->type);
    }
    auto type = columnar::common_type(candidates);
    if (!type) return with_offset(std::move(type).error(), offset);
    types.push_back(*type);
  }
  plan::UnionAll node;
  std::vector<plan::Input> inputs;
  plan::Schema schema;
  for (std::size_t c = 0; c < width; ++c) schema.push_back({arms.front().columns[c].name, types[c]});
  for (Relation& arm : arms) {
    std::vector<OutputColumn> outputs;
    for (std::uint32_t c = 0; c < width; ++c) {
      DART_TRY(ExpressionPtr value, plan::make_cast(column_value(context, arm, c, offset), types[c],
                                                    columnar::CastKind::Implicit, offset));
      outputs.push_back({schema[c].name, std::move(value), false});
    }
    arm.seq.reset();
    if (arm.window && arm.window->end >= width) arm.window.reset();
    arm = context.project(arm, std::move(outputs), offset);
    inputs.push_back({arm.node, 0});
  }
  Relation relation;
  for (std::uint32_t c = 0; c < width; ++c) relation.columns.push_back({"", schema[c].name, c, false, false});
  keep_shared_knowledge(relation, arms);
  relation.node = context.add(node, std::move(inputs), std::move(schema), offset);
  return relation;
}

/// ORDER BY of a UNION: output columns by name or place.
Result<std::vector<plan::SortKey>> union_order(const Relation& relation, const Tree& clause) {
  std::vector<plan::SortKey> order;
  for (const Tree& sort : clause.items) {
    const Tree& key = sort["node"];
    plan::SortKey entry;
    if (key.is("A_Const") && key["ival"].present()) {
      const std::int64_t place = key["ival"]["ival"].number;
      if (place < 1 || place > static_cast<std::int64_t>(relation.columns.size())) {
        return fail(ErrorCode::Binding, fmt::format("ORDER BY position {} is not in select list", place),
                    key.offset());
      }
      entry.column = static_cast<std::uint32_t>(place - 1);
    } else if (key.is("ColumnRef") && key["fields"].items.size() == 1) {
      DART_TRY(const RelationColumn* column,
               find_column(relation, "", last_name(key["fields"]), key.offset()));
      entry.column = column->column;
    } else {
      return fail(ErrorCode::Unsupported, "ORDER BY of a UNION names output columns only", key.offset(),
                  "put the UNION in FROM (...) q to order by an expression");
    }
    entry.descending = sort.string("sortby_dir") == "SORTBY_DESC";
    const std::string& nulls = sort.string("sortby_nulls");
    entry.nulls_first = nulls == "SORTBY_NULLS_FIRST" || (entry.descending && nulls != "SORTBY_NULLS_LAST");
    order.push_back(entry);
  }
  return order;
}

Result<Relation> bind_set_operation(Context& context, const CteScope* ctes, const Tree& select) {
  const std::string& op = select.string("op");
  const std::uint32_t offset = select["rarg"].offset();
  if (op != "SETOP_UNION") {
    const bool except = op == "SETOP_EXCEPT";
    return fail(ErrorCode::Unsupported, except ? "EXCEPT is not supported" : "INTERSECT is not supported",
                offset, except ? "LEFT JOIN, then WHERE right.key IS NULL" : "JOIN on all columns");
  }
  std::vector<Relation> arms;
  for (const Tree* tree : arms_of(select)) {
    DART_TRY(Relation arm, bind_arm(context, ctes, *tree));
    arms.push_back(std::move(arm));
  }
  DART_TRY(Relation relation, union_all(context, std::move(arms), offset));
  if (!select.flag("all")) {
    std::vector<ExpressionPtr> keys;
    for (const RelationColumn& c : relation.columns)
      keys.push_back(context.column(relation, c.column, offset));
    const std::vector<RelationColumn> names = relation.columns;
    DART_TRY(const Grouping grouping,
             Grouping::build(context, std::move(relation), std::move(keys), {}, offset));
    relation = grouping.relation();
    relation.columns = names;
  }
  DART_TRY(const RowLimit limit, bind_row_limit(context, select));
  DART_TRY(std::vector<plan::SortKey> order, union_order(relation, select["sortClause"]));
  return order_and_limit(context, std::move(relation), std::move(order), limit, offset);
}

}  // namespace

Status refuse_order(const Relation& relation) {
  if (!relation.order_pending) return {};
  return fail(ErrorCode::Unsupported,
              "ORDER BY without LIMIT means nothing here: the rows of a view have no order",
              relation.order_offset, "add LIMIT n, or order the SELECT that reads it");
}

Result<Relation> bind_query(Context& context, const CteScope* ctes, const Tree& select) {
  if (context.depth >= limits::kNesting) {
    return fail(ErrorCode::Capacity, fmt::format("queries are nested more than {} deep", limits::kNesting),
                select.location());
  }
  if (context.plan.nodes.size() > limits::kPlanNodes) {
    return fail(ErrorCode::Capacity, fmt::format("a script has at most {} operators", limits::kPlanNodes),
                select.location());
  }
  CteScope scope{ctes, {}};
  ++context.depth;
  const auto bind = [&]() -> Result<Relation> {
    DART_TRY_STATUS(bind_with(context, scope, select["withClause"]));
    if (select.string("op") != "SETOP_NONE") return bind_set_operation(context, &scope, select);
    return SelectBinder(context, &scope, select).bind();
  };
  Result<Relation> relation = bind();
  --context.depth;
  return relation;
}

}  // namespace dart::sql
