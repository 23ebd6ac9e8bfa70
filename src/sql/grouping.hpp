#pragma once

#include <vector>

#include "base/result.hpp"
#include "sql/context.hpp"
#include "sql/expression_binder.hpp"

namespace dart::sql {

/// Rows after GROUP BY: the relation of groups (keys, then aggregates; none of them named), and the way of
/// expressions over the input to it.
class Grouping {
 public:
  /// Groups of equal keys with the aggregates; refused when one depends on an order that the rows do not
  /// have.
  [[nodiscard]] static Result<Grouping> build(Context& context, Relation input,
                                              std::vector<plan::ExpressionPtr> keys,
                                              const std::vector<AggregateUse>& aggregates,
                                              std::uint32_t offset);

  [[nodiscard]] const Relation& relation() const { return relation_; }
  /// The expression over the groups; an input column that is no key gives PostgreSQL's error. Window calls'
  /// placeholders stay.
  [[nodiscard]] Result<plan::ExpressionPtr> lift(const plan::ExpressionPtr& expression) const;

 private:
  Relation relation_;
  std::vector<plan::ExpressionPtr> keys_;
  std::vector<std::string> input_names_;
};

}  // namespace dart::sql
