#pragma once

#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// FROM and WHERE of a SELECT: the rows that its other clauses work on.
[[nodiscard]] Result<Relation> bind_from_and_where(Context& context, const CteScope* ctes,
                                                   const Tree& select);
/// One item of FROM: a name, a sub-query, a window function, or a join of items.
[[nodiscard]] Result<Relation> bind_from_item(Context& context, const CteScope* ctes, const Tree& item);

/// tumble, hop, sliding or count_window over a named relation.
[[nodiscard]] Result<Relation> bind_window_item(Context& context, const CteScope* ctes, const Tree& item);

/// JOIN ... ON / USING and CROSS JOIN.
[[nodiscard]] Result<Relation> bind_join_item(Context& context, const CteScope* ctes, const Tree& item);
/// A join on conditions over the left columns followed by the right columns: equalities between the sides
/// become its keys, conditions on one side are tried before it where that means the same.
[[nodiscard]] Result<Relation> join_relations(Context& context, Relation left, Relation right,
                                              plan::JoinKind kind,
                                              const std::vector<plan::ExpressionPtr>& conditions,
                                              std::uint32_t offset);
/// The columns of both sides, for binding conditions over them; not part of the plan that runs.
[[nodiscard]] Relation pair_scope(Context& context, const Relation& left, const Relation& right);
/// `(VALUES (...), ...) AS o(a, b)` beside the rows of `left`, whose columns it may use.
[[nodiscard]] Result<Relation> expand_values(Context& context, const Relation& left, const Tree& item);
[[nodiscard]] bool is_values_item(const Tree& item);

/// Keeps the rows for which the conjuncts are true; a bound on a row number becomes the limit of its top-n.
[[nodiscard]] Result<Relation> filter_rows(Context& context, Relation input,
                                           std::vector<plan::ExpressionPtr> conjuncts, std::uint32_t offset);

}  // namespace dart::sql
