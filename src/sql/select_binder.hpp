#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"
#include "sql/expression_binder.hpp"
#include "sql/grouping.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// One SELECT without set operations, clause by clause in the order in which SQL evaluates them.
class SelectBinder {
 public:
  SelectBinder(Context& context, const CteScope* ctes, const Tree& select)
      : context_(context), ctes_(ctes), select_(select), offset_(select["targetList"].offset()) {}

  [[nodiscard]] Result<Relation> bind();

 private:
  /// A key of ORDER BY or DISTINCT ON: an output column, or an expression of its own.
  struct Key {
    std::optional<std::uint32_t> output;
    plan::ExpressionPtr expression;
    bool descending = false;
    bool nulls_first = false;
    std::uint32_t offset = 0;
  };

  Status refuse_unknown_clauses() const;
  Status bind_targets(ExpressionBinder& binder);
  Status bind_star(const Tree& reference);
  Status bind_group_keys();
  Status bind_keys(ExpressionBinder& binder);
  Result<Key> bind_key(ExpressionBinder& binder, const Tree& tree, std::string_view clause);
  Result<std::optional<std::uint32_t>> output_of(const Tree& tree, std::string_view clause) const;
  Status apply_grouping();
  Status apply_windows();
  /// Rewrites every expression that the later clauses still need.
  template <class F>
  Status each_expression(const F& rewrite);
  Relation project();
  Result<Relation> apply_distinct(Relation relation);
  Result<Relation> apply_order_and_limit(Relation relation);

  Context& context_;
  const CteScope* ctes_;
  const Tree& select_;
  std::uint32_t offset_;
  Relation input_;
  std::vector<OutputColumn> outputs_;
  std::vector<AggregateUse> aggregates_;
  std::vector<OverUse> overs_;
  std::vector<plan::ExpressionPtr> group_keys_;
  plan::ExpressionPtr having_;
  std::vector<Key> order_;
  std::vector<Key> distinct_on_;
};

/// LIMIT and OFFSET as numbers.
struct RowLimit {
  std::optional<std::int64_t> limit;
  std::int64_t offset = 0;
};
[[nodiscard]] Result<RowLimit> bind_row_limit(Context& context, const Tree& select);
/// Sorts and cuts: a top-n, a plain limit, or an order that only a final result can have.
[[nodiscard]] Result<Relation> order_and_limit(Context& context, Relation relation,
                                               std::vector<plan::SortKey> order, const RowLimit& limit,
                                               std::uint32_t offset);

}  // namespace dart::sql
