#include "plan/expression.hpp"

#include <optional>
#include <utility>

#include "base/check.hpp"

namespace dart::plan {

namespace {

using columnar::BoundFunction;
using columnar::LogicalType;
using columnar::RowErrors;
using columnar::TypeId;
using columnar::Value;
using columnar::Vector;
using Kind = Expression::Kind;

bool is_boolean_literal(const Expression& expression, bool value) {
  return expression.kind == Kind::Literal && expression.type.id == TypeId::Bool &&
         !expression.literal.is_null() && expression.literal.boolean() == value;
}

bool all_literals(const std::vector<ExpressionPtr>& arguments) {
  for (const ExpressionPtr& argument : arguments) {
    if (argument->kind != Kind::Literal) return false;
  }
  return true;
}

/// The result of a function over literals; empty when it fails on them, which is then a matter of each row.
std::optional<Value> evaluate_constant(const BoundFunction& bound,
                                       const std::vector<ExpressionPtr>& arguments) {
  std::vector<Vector> constants;
  constants.reserve(arguments.size());
  for (const ExpressionPtr& argument : arguments) {
    if (bound.propagates_null && argument->literal.is_null()) return Value::null(bound.result);
    constants.push_back(Vector::constant(argument->literal));
  }
  std::vector<const Vector*> pointers;
  pointers.reserve(constants.size());
  for (const Vector& constant : constants) pointers.push_back(&constant);
  Vector out(bound.result);
  out.reset(1);
  RowErrors errors;
  bound.kernel({.arguments = pointers, .rows = 1, .out = out, .errors = errors, .state = bound.state.get()});
  if (!errors.empty()) return std::nullopt;
  return out.value(0);
}

std::vector<LogicalType> types_of(const std::vector<ExpressionPtr>& arguments) {
  std::vector<LogicalType> types;
  types.reserve(arguments.size());
  for (const ExpressionPtr& argument : arguments) types.push_back(argument->type);
  return types;
}

std::vector<const Value*> constants_of(const std::vector<ExpressionPtr>& arguments) {
  std::vector<const Value*> constants;
  constants.reserve(arguments.size());
  for (const ExpressionPtr& argument : arguments) {
    constants.push_back(argument->kind == Kind::Literal ? &argument->literal : nullptr);
  }
  return constants;
}

Error at(Error error, std::uint32_t offset) {
  if (!error.offset) error.offset = offset;
  return error;
}

/// A copy of `expression` with other arguments.
ExpressionPtr with_arguments(const Expression& expression, std::vector<ExpressionPtr> arguments) {
  auto copy = std::make_shared<Expression>(expression);
  copy->arguments = std::move(arguments);
  return copy;
}

/// Rebuilds an expression with every column replaced by what `leaf` gives; unchanged parts stay shared.
template <class Leaf>
ExpressionPtr map_columns(const ExpressionPtr& expression, const Leaf& leaf) {
  if (expression->kind == Kind::Column) return leaf(expression);
  if (expression->arguments.empty()) return expression;
  std::vector<ExpressionPtr> arguments;
  arguments.reserve(expression->arguments.size());
  bool changed = false;
  for (const ExpressionPtr& argument : expression->arguments) {
    arguments.push_back(map_columns(argument, leaf));
    changed = changed || arguments.back() != argument;
  }
  return changed ? with_arguments(*expression, std::move(arguments)) : expression;
}

}  // namespace

ExpressionPtr make_column(std::uint32_t column, LogicalType type, std::uint32_t offset) {
  auto expression = std::make_shared<Expression>();
  expression->kind = Kind::Column;
  expression->type = type;
  expression->column = column;
  expression->offset = offset;
  return expression;
}

ExpressionPtr make_literal(Value value, std::uint32_t offset) {
  auto expression = std::make_shared<Expression>();
  expression->kind = Kind::Literal;
  expression->type = value.type();
  expression->literal = std::move(value);
  expression->offset = offset;
  return expression;
}

Result<ExpressionPtr> make_call(std::string name, std::vector<ExpressionPtr> arguments,
                                std::uint32_t offset) {
  auto resolved = columnar::resolve_function(name, types_of(arguments), constants_of(arguments));
  if (!resolved) return tl::unexpected(at(std::move(resolved).error(), offset));
  DART_CHECK(resolved->parameters.size() == arguments.size());
  bool literal_changed = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i]->type == resolved->parameters[i]) continue;
    const std::uint32_t argument_offset = arguments[i]->offset;
    literal_changed = literal_changed || arguments[i]->kind == Kind::Literal;
    DART_TRY(arguments[i], make_cast(std::move(arguments[i]), resolved->parameters[i],
                                     columnar::CastKind::Implicit, argument_offset));
  }
  // A kernel that prepares itself from constants is to see them as they are after their casts.
  if (literal_changed) {
    auto again = columnar::resolve_function(name, types_of(arguments), constants_of(arguments));
    if (again && again->parameters == types_of(arguments)) resolved = std::move(again);
  }
  if (all_literals(arguments)) {
    if (std::optional<Value> value = evaluate_constant(resolved->bound, arguments)) {
      return make_literal(*std::move(value), offset);
    }
  }
  auto expression = std::make_shared<Expression>();
  expression->kind = Kind::Call;
  expression->type = resolved->bound.result;
  expression->name = std::move(name);
  expression->bound = std::move(resolved->bound);
  expression->arguments = std::move(arguments);
  expression->offset = offset;
  return ExpressionPtr(std::move(expression));
}

Result<ExpressionPtr> make_cast(ExpressionPtr argument, LogicalType to, columnar::CastKind kind,
                                std::uint32_t offset) {
  if (argument->type == to) return argument;
  const bool literal = argument->kind == Kind::Literal;
  if (literal && argument->literal.is_null() && argument->type.id == TypeId::Null) {
    return make_literal(Value::null(to), offset);
  }
  auto bound = columnar::bind_cast(argument->type, to, kind);
  if (!bound) return tl::unexpected(at(std::move(bound).error(), offset));
  if (literal) {
    if (argument->literal.is_null()) return make_literal(Value::null(to), offset);
    auto value = columnar::cast_value(argument->literal, to);
    if (!value) return tl::unexpected(at(std::move(value).error(), offset));
    return make_literal(*std::move(value), offset);
  }
  auto expression = std::make_shared<Expression>();
  expression->kind = Kind::Cast;
  expression->type = to;
  expression->bound = *std::move(bound);
  expression->arguments.push_back(std::move(argument));
  expression->offset = offset;
  return ExpressionPtr(std::move(expression));
}

ExpressionPtr make_logical(Kind kind, std::vector<ExpressionPtr> arguments) {
  DART_CHECK(kind == Kind::And || kind == Kind::Or);
  const bool neutral = kind == Kind::And;
  std::vector<ExpressionPtr> flat;
  for (ExpressionPtr& argument : arguments) {
    if (argument->kind == kind) {
      flat.insert(flat.end(), argument->arguments.begin(), argument->arguments.end());
      continue;
    }
    if (is_boolean_literal(*argument, neutral)) continue;
    const bool decides = is_boolean_literal(*argument, !neutral);
    flat.push_back(std::move(argument));
    if (decides) break;
  }
  if (flat.empty()) return make_literal(Value::boolean(neutral));
  if (flat.size() == 1) return std::move(flat.front());
  auto expression = std::make_shared<Expression>();
  expression->kind = kind;
  expression->type = LogicalType::of(TypeId::Bool);
  expression->offset = flat.front()->offset;
  expression->arguments = std::move(flat);
  return expression;
}

ExpressionPtr make_case(std::vector<ExpressionPtr> arguments, LogicalType type) {
  DART_CHECK(arguments.size() % 2 == 1);
  if (arguments.size() == 1) return std::move(arguments.front());
  auto expression = std::make_shared<Expression>();
  expression->kind = Kind::Case;
  expression->type = type;
  expression->offset = arguments.front()->offset;
  expression->arguments = std::move(arguments);
  return expression;
}

ExpressionPtr make_coalesce(std::vector<ExpressionPtr> arguments, LogicalType type) {
  DART_CHECK(!arguments.empty());
  if (arguments.size() == 1) return std::move(arguments.front());
  auto expression = std::make_shared<Expression>();
  expression->kind = Kind::Coalesce;
  expression->type = type;
  expression->offset = arguments.front()->offset;
  expression->arguments = std::move(arguments);
  return expression;
}

ExpressionPtr substitute(const ExpressionPtr& expression, std::span<const ExpressionPtr> with) {
  return map_columns(expression, [&](const ExpressionPtr& column) {
    DART_CHECK(column->column < with.size());
    return with[column->column];
  });
}

ExpressionPtr renumber(const ExpressionPtr& expression, std::span<const std::uint32_t> to) {
  return map_columns(expression, [&](const ExpressionPtr& column) {
    DART_CHECK(column->column < to.size());
    const std::uint32_t place = to[column->column];
    return place == column->column ? column : make_column(place, column->type, column->offset);
  });
}

void mark_columns(const Expression& expression, std::vector<bool>& used) {
  if (expression.kind == Kind::Column) {
    DART_CHECK(expression.column < used.size());
    used[expression.column] = true;
  }
  for (const ExpressionPtr& argument : expression.arguments) mark_columns(*argument, used);
}

bool equal(const Expression& a, const Expression& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.type != b.type || a.arguments.size() != b.arguments.size()) return false;
  if (a.kind == Kind::Column && a.column != b.column) return false;
  if (a.kind == Kind::Literal && !(a.literal == b.literal)) return false;
  if (a.kind == Kind::Call && a.name != b.name) return false;
  for (std::size_t i = 0; i < a.arguments.size(); ++i) {
    if (!equal(*a.arguments[i], *b.arguments[i])) return false;
  }
  return true;
}

}  // namespace dart::plan
