#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "columnar/function.hpp"
#include "columnar/value.hpp"

namespace dart::plan {

struct Expression;
/// Expressions never change once made and are shared freely between plans.
using ExpressionPtr = std::shared_ptr<const Expression>;

/// A bound expression over the columns of one relation: types are resolved, casts are explicit, kernels
/// chosen.
struct Expression {
  enum class Kind : std::uint8_t {
    Column,   ///< column `column` of the input
    Literal,  ///< `literal`
    Call,     ///< function `name` over `arguments` (operators are functions named by their symbol)
    Cast,     ///< the one argument as `type`
    And,      ///< n-ary, three-valued; later arguments are evaluated only where the earlier are not false
    Or,       ///< n-ary; later arguments only where the earlier are not true
    Case,  ///< condition, result, condition, result, ..., else; a branch is evaluated only where it is taken
    Coalesce,  ///< the first that is not NULL; later ones only where the earlier are NULL
  };

  Kind kind = Kind::Literal;
  columnar::LogicalType type;
  std::uint32_t column = 0;
  columnar::Value literal;
  std::string name;
  columnar::BoundFunction bound;  ///< Call and Cast
  std::vector<ExpressionPtr> arguments;
  std::uint32_t offset = 0;  ///< where it stands in the SQL text, for messages
};

[[nodiscard]] ExpressionPtr make_column(std::uint32_t column, columnar::LogicalType type,
                                        std::uint32_t offset = 0);
[[nodiscard]] ExpressionPtr make_literal(columnar::Value value, std::uint32_t offset = 0);
/// Resolves the overload and casts the arguments; the Error carries `offset`.
[[nodiscard]] Result<ExpressionPtr> make_call(std::string name, std::vector<ExpressionPtr> arguments,
                                              std::uint32_t offset = 0);
/// Nothing to do when the types are equal; literals are cast at once.
[[nodiscard]] Result<ExpressionPtr> make_cast(ExpressionPtr argument, columnar::LogicalType to,
                                              columnar::CastKind kind, std::uint32_t offset = 0);
/// And / Or of boolean arguments; one argument is returned as it is, none is true (And) or false (Or).
[[nodiscard]] ExpressionPtr make_logical(Expression::Kind kind, std::vector<ExpressionPtr> arguments);
/// `arguments` as Kind::Case has them, results already of one type.
[[nodiscard]] ExpressionPtr make_case(std::vector<ExpressionPtr> arguments, columnar::LogicalType type);
[[nodiscard]] ExpressionPtr make_coalesce(std::vector<ExpressionPtr> arguments, columnar::LogicalType type);

/// As SQL; columns by their names in `names`.
[[nodiscard]] std::string to_string(const Expression& expression, std::span<const std::string> names);
/// The same expression with column c replaced by `with[c]`.
[[nodiscard]] ExpressionPtr substitute(const ExpressionPtr& expression, std::span<const ExpressionPtr> with);
/// The same expression with column c renumbered to `to[c]`.
[[nodiscard]] ExpressionPtr renumber(const ExpressionPtr& expression, std::span<const std::uint32_t> to);
/// Marks every column that is read; `used` is as long as the input is wide.
void mark_columns(const Expression& expression, std::vector<bool>& used);
/// Same shape, same columns, same literals and functions.
[[nodiscard]] bool equal(const Expression& a, const Expression& b);

}  // namespace dart::plan
