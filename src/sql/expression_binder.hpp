#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "columnar/aggregate.hpp"
#include "plan/expression.hpp"
#include "plan/plan.hpp"
#include "sql/context.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// While a SELECT is bound, aggregate and window calls stand in its expressions as columns from these numbers
/// on.
inline constexpr std::uint32_t kAggregateBase = 1U << 30;
inline constexpr std::uint32_t kOverBase = 1U << 31;

/// An aggregate call, its arguments over the input's columns, already cast.
struct AggregateUse {
  std::string name;
  std::vector<plan::ExpressionPtr> arguments;
  std::vector<columnar::Value> direct;
  plan::ExpressionPtr filter;  ///< may be null
  bool distinct = false;
  columnar::BoundAggregate bound;
  std::uint32_t offset = 0;
};

/// A window call; arguments may still hold aggregates' columns.
struct OverUse {
  AggregateUse call;  ///< `bound` for aggregates only
  columnar::LogicalType type;
  std::vector<plan::ExpressionPtr> partition;
  struct Order {
    plan::ExpressionPtr expression;
    bool descending = false;
    bool nulls_first = false;
  };
  std::vector<Order> order;
  plan::Frame frame;
  bool default_frame = true;
};

/// Turns expressions of the parse tree into bound ones over one relation's columns.
class ExpressionBinder {
 public:
  /// `clause` names the place for messages ("WHERE").
  ExpressionBinder(const Context& context, const Relation& input, std::string clause)
      : context_(context), input_(input), clause_(std::move(clause)) {}

  /// Allows aggregate calls, and collects them.
  void collect_aggregates(std::vector<AggregateUse>& uses) { aggregates_ = &uses; }
  /// Allows window calls, and collects them; `windows` is the SELECT's WINDOW clause.
  void collect_over(std::vector<OverUse>& uses, const Tree& windows) {
    overs_ = &uses;
    windows_ = &windows;
  }
  void set_clause(std::string clause) { clause_ = std::move(clause); }

  [[nodiscard]] Result<plan::ExpressionPtr> bind(const Tree& tree);
  /// A boolean; what it is for goes into the message ("argument of WHERE must be type boolean").
  [[nodiscard]] Result<plan::ExpressionPtr> bind_condition(const Tree& tree);
  /// The same, but an untyped literal becomes text: for what ends up in a column.
  [[nodiscard]] Result<plan::ExpressionPtr> bind_output(const Tree& tree);

 private:
  using Bound = Result<plan::ExpressionPtr>;
  using BoundList = Result<std::vector<plan::ExpressionPtr>>;

  Bound bind_node(const Tree& tree);
  BoundList bind_all(const std::vector<Tree>& trees);
  Bound bind_column(const Tree& tree);
  Bound bind_constant(const Tree& tree);
  Bound bind_cast(const Tree& tree);
  Bound bind_interval(const Tree& literal, const Tree& type_name);
  // special_forms.cpp
  Bound bind_operator(const Tree& tree);
  Bound bind_in(const Tree& tree);
  Bound bind_between(const Tree& tree, bool negated, bool symmetric);
  Bound bind_bool(const Tree& tree);
  Bound bind_case(const Tree& tree);
  Bound bind_common(const Tree& tree, std::string_view function);
  Bound bind_test(const Tree& tree);
  Bound to_boolean(plan::ExpressionPtr expression, std::string_view what) const;
  // calls.cpp
  Bound bind_call(const Tree& tree);
  Bound bind_aggregate(const Tree& tree, const std::string& name);
  Result<AggregateUse> bind_aggregate_use(const Tree& tree, const std::string& name, bool over);
  Bound bind_over(const Tree& tree, const std::string& name);
  Status bind_window(const Tree& definition, OverUse& use, std::size_t depth);
  Status bind_frame(const Tree& definition, OverUse& use);
  Status bind_row_function(const Tree& tree, OverUse& use);

  const Context& context_;
  const Relation& input_;
  std::string clause_;
  std::vector<AggregateUse>* aggregates_ = nullptr;
  std::vector<OverUse>* overs_ = nullptr;
  const Tree* windows_ = nullptr;
  bool inside_aggregate_ = false;
  bool inside_over_ = false;
  std::size_t depth_ = 0;
};

/// Functions that only stand before OVER and are no aggregates.
[[nodiscard]] inline bool is_row_function(std::string_view name) {
  return name == "row_number" || name == "lag";
}
/// Whether a call of this name never means a function that a script declares: it has a meaning here, or is
/// refused by name.
[[nodiscard]] bool is_built_in_function(std::string_view name);

/// Casts all to the type that PostgreSQL gives UNION, CASE and the like.
[[nodiscard]] Status unify(std::vector<plan::ExpressionPtr>& expressions, std::uint32_t offset);
/// An untyped literal as text, anything else as it is.
[[nodiscard]] Result<plan::ExpressionPtr> settle_unknown(plan::ExpressionPtr expression);
/// The same Error, with a place when it had none.
[[nodiscard]] tl::unexpected<Error> with_offset(Error error, std::uint32_t offset);

/// The conjuncts of a condition as it is written: AND taken apart, nothing else.
[[nodiscard]] std::vector<const Tree*> conjuncts_of(const Tree& condition);

}  // namespace dart::sql
