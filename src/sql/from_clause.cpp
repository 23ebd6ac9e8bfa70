#include "sql/from_clause.hpp"

#include <fmt/format.h>

#include "base/limits.hpp"
#include "sql/expression_binder.hpp"
#include "sql/names.hpp"
#include "sql/query.hpp"

namespace dart::sql {

using plan::Expression;
using plan::ExpressionPtr;

namespace {

Result<Relation> bind_name(Context& context, const CteScope* ctes, const Tree& item) {
  const std::uint32_t offset = item.offset();
  if (item["schemaname"].present() || item["catalogname"].present()) {
    return fail(ErrorCode::Unsupported, "schemas are not supported", offset, "use the name alone");
  }
  DART_TRY(Relation relation, find_relation(context, ctes, item.string("relname"), offset));
  DART_TRY_STATUS(apply_alias(relation, item["alias"], offset));
  return relation;
}

Result<Relation> bind_subquery(Context& context, const CteScope* ctes, const Tree& item) {
  const Tree& query = item["subquery"];
  if (query["valuesLists"].present()) {
    return fail(ErrorCode::Unsupported, "VALUES alone is no input", query.offset(),
                "beside a table it is: FROM t CROSS JOIN LATERAL (VALUES (...)) AS v(...)");
  }
  if (item.flag("lateral")) {
    return fail(ErrorCode::Unsupported, "LATERAL is there for VALUES only", query.offset(),
                "join the sub-query on equal keys");
  }
  DART_TRY(Relation relation, bind_query(context, ctes, query));
  DART_TRY_STATUS(refuse_order(relation));
  relation.order.clear();
  if (!item["alias"].present()) {
    return fail(ErrorCode::Syntax, "subquery in FROM must have an alias", query.offset(),
                "for example, FROM (SELECT ...) AS foo");
  }
  DART_TRY_STATUS(apply_alias(relation, item["alias"], query.offset()));
  return relation;
}

/// Conjuncts of WHERE, each bound as soon as the relations that it speaks about have been joined.
class WhereConjuncts {
 public:
  explicit WhereConjuncts(const Tree& where) : conjuncts_(conjuncts_of(where)) {}

  /// Those that can be bound over this scope and have not been taken yet.
  std::vector<ExpressionPtr> take_bindable(const Context& context, const Relation& scope) {
    std::vector<ExpressionPtr> bound;
    for (const Tree*& conjunct : conjuncts_) {
      if (conjunct == nullptr) continue;
      auto condition = ExpressionBinder(context, scope, "WHERE").bind_condition(*conjunct);
      if (!condition) continue;
      bound.push_back(*std::move(condition));
      conjunct = nullptr;
    }
    return bound;
  }
  Result<std::vector<ExpressionPtr>> take_rest(const Context& context, const Relation& scope) {
    std::vector<ExpressionPtr> bound;
    for (const Tree* conjunct : conjuncts_) {
      if (conjunct == nullptr) continue;
      DART_TRY(ExpressionPtr condition, ExpressionBinder(context, scope, "WHERE").bind_condition(*conjunct));
      bound.push_back(std::move(condition));
    }
    return bound;
  }

 private:
  std::vector<const Tree*> conjuncts_;
};

}  // namespace

bool is_values_item(const Tree& item) {
  return item.is("RangeSubselect") && item["subquery"]["valuesLists"].present();
}

Result<Relation> bind_from_item(Context& context, const CteScope* ctes, const Tree& item) {
  if (item.is("RangeVar")) return bind_name(context, ctes, item);
  if (item.is("RangeSubselect")) return bind_subquery(context, ctes, item);
  if (item.is("RangeFunction")) return bind_window_item(context, ctes, item);
  if (item.is("JoinExpr")) return bind_join_item(context, ctes, item);
  const bool sample = item.is("RangeTableSample");
  return fail(ErrorCode::Unsupported,
              sample ? "TABLESAMPLE is not supported" : "this kind of FROM is not supported", item.offset());
}

Result<Relation> bind_from_and_where(Context& context, const CteScope* ctes, const Tree& select) {
  const std::vector<Tree>& items = select["fromClause"].items;
  WhereConjuncts where(select["whereClause"]);
  Relation relation;
  if (items.empty()) {
    relation = context.one_row(select.offset());
  } else {
    DART_TRY(relation, bind_from_item(context, ctes, items.front()));
  }
  for (std::size_t i = 1; i < items.size(); ++i) {
    const std::uint32_t offset = items[i].offset();
    if (is_values_item(items[i])) {
      DART_TRY(relation, expand_values(context, relation, items[i]));
      continue;
    }
    DART_TRY(Relation next, bind_from_item(context, ctes, items[i]));
    std::vector<ExpressionPtr> conditions = where.take_bindable(context, pair_scope(context, relation, next));
    DART_TRY(relation, join_relations(context, std::move(relation), std::move(next), plan::JoinKind::Inner,
                                      conditions, offset));
  }
  // What was bound early is bound once more over all names, so that an ambiguous one does not slip through.
  if (items.size() > 1) {
    DART_TRY([[maybe_unused]] const auto all,
             WhereConjuncts(select["whereClause"]).take_rest(context, relation));
  }
  DART_TRY(std::vector<ExpressionPtr> rest, where.take_rest(context, relation));
  return filter_rows(context, std::move(relation), std::move(rest), select["whereClause"].offset());
}

Result<Relation> expand_values(Context& context, const Relation& left, const Tree& item) {
  const Tree& query = item["subquery"];
  const std::uint32_t offset = query.offset();
  if (query["sortClause"].present() || query["limitCount"].present() || query["withClause"].present()) {
    return fail(ErrorCode::Unsupported, "VALUES with further clauses is not supported", offset);
  }
  const std::vector<Tree>& rows = query["valuesLists"].items;
  std::vector<std::vector<ExpressionPtr>> columns(rows.front()["items"].items.size());
  for (const Tree& row : rows) {
    if (row["items"].items.size() != columns.size()) {
      return fail(ErrorCode::Binding, "VALUES lists must all be the same length", row.offset());
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      DART_TRY(ExpressionPtr value, ExpressionBinder(context, left, "VALUES").bind(row["items"].items[c]));
      columns[c].push_back(std::move(value));
    }
  }
  plan::Schema schema = context.schema(left);
  Relation values;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    DART_TRY_STATUS(unify(columns[c], offset));
    const std::string name = fmt::format("column{}", c + 1);
    values.columns.push_back({"", name, static_cast<std::uint32_t>(schema.size()), false, false});
    schema.push_back({name, columns[c].front()->type});
  }
  DART_TRY_STATUS(apply_alias(values, item["alias"], offset));
  plan::Expand node;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::vector<ExpressionPtr>& list = node.lists.emplace_back();
    for (const std::vector<ExpressionPtr>& column : columns) list.push_back(column[r]);
  }
  Relation relation = left;
  relation.node = context.add(std::move(node), {{left.node, 0}}, std::move(schema), offset);
  relation.columns.insert(relation.columns.end(), values.columns.begin(), values.columns.end());
  relation.seq_unique = relation.seq_unique && rows.size() == 1;
  relation.block.reset();
  relation.rank.reset();
  if (relation.max_rows) *relation.max_rows *= static_cast<std::int64_t>(rows.size());
  return relation;
}

}  // namespace dart::sql
