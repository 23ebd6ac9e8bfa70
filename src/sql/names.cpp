#include "sql/names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "columnar/function.hpp"

namespace dart::sql {

std::string did_you_mean(std::string_view name, std::span<const std::string_view> names) {
  const std::string near = columnar::nearest_name(name, names);
  return near.empty() ? near : fmt::format("did you mean \"{}\"?", near);
}

namespace {

Error unknown_column(const Relation& relation, std::string_view qualifier, std::string_view name,
                     std::uint32_t offset) {
  std::vector<std::string_view> names;
  std::vector<std::string_view> qualifiers;
  for (const RelationColumn& column : relation.columns) {
    qualifiers.push_back(column.qualifier);
    if (!column.name.empty() && (qualifier.empty() || qualifier == column.qualifier))
      names.push_back(column.name);
  }
  if (qualifier.empty()) {
    std::string hint = did_you_mean(name, names);
    if (name == "_seq" || name == "_read_at") {
      hint = fmt::format("\"{}\" is a hidden column of a source: select it by name in the view to keep it",
                         name);
    }
    return {ErrorCode::Binding, fmt::format("column \"{}\" does not exist", name), offset, std::move(hint)};
  }
  if (std::find(qualifiers.begin(), qualifiers.end(), qualifier) == qualifiers.end()) {
    return {ErrorCode::Binding, fmt::format("missing FROM-clause entry for table \"{}\"", qualifier), offset,
            did_you_mean(qualifier, qualifiers)};
  }
  return {ErrorCode::Binding, fmt::format("column {}.{} does not exist", qualifier, name), offset,
          did_you_mean(name, names)};
}

}  // namespace

Result<const RelationColumn*> find_column(const Relation& relation, std::string_view qualifier,
                                          std::string_view name, std::uint32_t offset) {
  const RelationColumn* found = nullptr;
  for (const RelationColumn& column : relation.columns) {
    if (column.name != name || name.empty()) continue;
    if (qualifier.empty() ? column.merged : column.qualifier != qualifier) continue;
    if (found != nullptr) {
      return fail(ErrorCode::Binding, fmt::format("column reference \"{}\" is ambiguous", name), offset,
                  fmt::format("write {}.{} or {}.{}", found->qualifier, name, column.qualifier, name));
    }
    found = &column;
  }
  if (found == nullptr) return tl::unexpected(unknown_column(relation, qualifier, name, offset));
  return found;
}

Result<std::vector<const RelationColumn*>> star_columns(const Relation& relation, std::string_view qualifier,
                                                        std::uint32_t offset) {
  std::vector<const RelationColumn*> columns;
  bool known = qualifier.empty();
  for (const RelationColumn& column : relation.columns) {
    known = known || column.qualifier == qualifier;
    if (column.hidden || (qualifier.empty() ? column.merged : column.qualifier != qualifier)) continue;
    columns.push_back(&column);
  }
  if (columns.empty() && qualifier.empty()) {
    return fail(ErrorCode::Binding, "SELECT * with no tables specified is not valid", offset);
  }
  if (!known) return tl::unexpected(unknown_column(relation, qualifier, "*", offset));
  // USING moves the common columns to the front of `*`, not of `t.*`.
  if (!qualifier.empty()) {
    std::sort(columns.begin(), columns.end(),
              [](const auto* a, const auto* b) { return a->column < b->column; });
  }
  return columns;
}

Result<Relation> find_relation(Context& context, const CteScope* ctes, const std::string& name,
                               std::uint32_t offset) {
  Relation relation;
  const auto view = context.views.find(name);
  const auto table = context.tables.find(name);
  const CteScope* scope = ctes;
  while (scope != nullptr && !scope->relations.contains(name)) scope = scope->outer;
  if (scope != nullptr) {
    relation = scope->relations.find(name)->second;
  } else if (view != context.views.end()) {
    relation = view->second;
  } else if (table != context.tables.end()) {
    DART_TRY(relation, context.scan(table->second, offset));
  } else {
    return fail(ErrorCode::Binding, fmt::format("relation \"{}\" does not exist", name), offset,
                did_you_mean(name, context.relation_names(ctes)));
  }
  relation.qualify(name);
  return relation;
}

Status rename_columns(Relation& relation, const Tree& names, std::string_view what, std::uint32_t offset) {
  auto next = names.items.begin();
  for (RelationColumn& column : relation.columns) {
    if (column.hidden || next == names.items.end()) continue;
    column.name = next->string("sval");
    ++next;
  }
  if (next == names.items.end()) return {};
  return fail(ErrorCode::Binding,
              fmt::format("{} has {} columns available but {} columns specified", what,
                          names.items.size() - static_cast<std::size_t>(names.items.end() - next),
                          names.items.size()),
              offset);
}

Status apply_alias(Relation& relation, const Tree& alias, std::uint32_t offset) {
  if (!alias.present()) return {};
  const std::string& name = alias.string("aliasname");
  if (name == "asof") {
    return fail(ErrorCode::Unsupported,
                "ASOF here is only another name for the table before it, not a kind of join", offset,
                "ASOF joins are not there; a LEFT JOIN on equal keys of two views is");
  }
  if (name == "emit") {
    return fail(ErrorCode::Unsupported, "EMIT here is only another name for the table before it", offset,
                "emission is an option: CREATE MATERIALIZED VIEW name WITH (emit = '...') AS ...");
  }
  relation.qualify(name);
  return rename_columns(relation, alias["colnames"], fmt::format("table \"{}\"", name), offset);
}

std::string output_name(const Tree& expression) {
  if (expression.is("ColumnRef")) return std::string(last_name(expression["fields"]));
  if (expression.is("FuncCall")) return std::string(last_name(expression["funcname"]));
  if (expression.is("A_Expr") && expression.string("kind") == "AEXPR_NULLIF") return "nullif";
  if (expression.is("CoalesceExpr")) return "coalesce";
  if (expression.is("MinMaxExpr")) return expression.string("op") == "IS_LEAST" ? "least" : "greatest";
  if (expression.is("CaseExpr")) {
    const std::string inner = output_name(expression["defresult"]);
    return inner == "?column?" ? "case" : inner;
  }
  if (expression.is("TypeCast")) {
    const std::string inner = output_name(expression["arg"]);
    return inner == "?column?" || inner == "case" ? std::string(last_name(expression["typeName"]["names"]))
                                                  : inner;
  }
  return "?column?";
}

}  // namespace dart::sql
