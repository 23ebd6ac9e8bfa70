#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "plan/catalogue.hpp"
#include "plan/plan.hpp"
#include "sql/relation.hpp"
#include "sql/tree.hpp"
#include "sql/user_function.hpp"

namespace dart::sql {

/// A column of a SELECT list.
struct OutputColumn {
  std::string name;
  plan::ExpressionPtr expression;
  bool hidden = false;
  plan::ExpressionPtr untyped = {};  ///< as RelationColumn's
};

/// CTEs that a query may name, innermost first.
struct CteScope {
  const CteScope* outer = nullptr;
  std::map<std::string, Relation, std::less<>> relations;
};

/// One script while it is bound: the tables, views and functions declared so far and the plan that grows.
class Context {
 public:
  explicit Context(const plan::Catalogue& known) : catalogue(known) {}

  const plan::Catalogue& catalogue;
  plan::Plan plan;
  std::map<std::string, std::uint32_t, std::less<>> tables;  ///< by name: places in plan.tables
  std::vector<bool> table_bounded;                           ///< reading the table ends by itself
  std::vector<bool> table_readable;                          ///< its connector is a source
  std::vector<bool> table_writable;                          ///< its connector is a sink
  std::map<std::string, Relation, std::less<>> views;
  std::map<std::string, UserFunction, std::less<>> functions;
  std::string label;      ///< the view or CTE being bound
  std::size_t depth = 0;  ///< of nested queries

  /// A node whose output is `schema`; weighted follows from its kind and its inputs.
  plan::NodeId add(plan::NodeKind kind, std::vector<plan::Input> inputs, plan::Schema schema,
                   std::uint32_t offset);
  /// The same with one input and its schema.
  plan::NodeId add_same(plan::NodeKind kind, plan::NodeId input, std::uint32_t offset);

  [[nodiscard]] const plan::Schema& schema(const Relation& relation) const {
    return plan.nodes[relation.node].schema;
  }
  [[nodiscard]] bool weighted(const Relation& relation) const { return plan.nodes[relation.node].weighted; }
  [[nodiscard]] plan::ExpressionPtr column(const Relation& relation, std::uint32_t column,
                                           std::uint32_t offset) const {
    return plan::make_column(column, schema(relation)[column].type, offset);
  }

  /// Rows for which the conjuncts are true.
  [[nodiscard]] Relation filter(const Relation& input, std::vector<plan::ExpressionPtr> conjuncts,
                                std::uint32_t offset);
  /// The output columns; carries the row's place and the window's end along, hidden.
  [[nodiscard]] Relation project(const Relation& input, std::vector<OutputColumn> outputs,
                                 std::uint32_t offset);
  /// The visible columns only.
  [[nodiscard]] Relation visible(const Relation& input, std::uint32_t offset);
  /// Appends columns for those expressions that are no plain columns of the input; gives each one's column.
  [[nodiscard]] std::vector<std::uint32_t> materialise(Relation& input,
                                                       const std::vector<plan::ExpressionPtr>& values,
                                                       std::uint32_t offset);

  /// The reader of a table, one for the whole script.
  /// Refused for a table that can only be written.
  [[nodiscard]] Result<Relation> scan(std::uint32_t table, std::uint32_t offset);
  /// What a SELECT without FROM reads: one row without columns.
  [[nodiscard]] Relation one_row(std::uint32_t offset);
  /// Every table, view and CTE in sight, for messages.
  [[nodiscard]] std::vector<std::string_view> relation_names(const CteScope* ctes) const;

 private:
  /// What EXPLAIN calls a column that no one named.
  [[nodiscard]] std::string text_of(const Relation& relation, const plan::Expression& expression) const;

  std::map<std::uint32_t, plan::NodeId> scans_;
  std::optional<std::uint32_t> one_row_;  // its table
};

/// Whether a node's output is a changelog, from its kind and its inputs' answers.
[[nodiscard]] bool is_weighted(const plan::Plan& plan, const plan::Node& node);

}  // namespace dart::sql
