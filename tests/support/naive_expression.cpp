#include "support/naive_expression.hpp"

#include <algorithm>

namespace dart::support {

using columnar::Value;
using columnar::Vector;
using plan::Expression;

namespace {

Result<Value> call(const Expression& expression, const Cells& row) {
  const columnar::BoundFunction& bound = expression.bound;
  std::vector<Vector> vectors;
  bool any_null = false;
  for (const auto& argument : expression.arguments) {
    DART_TRY(const Value value, evaluate(*argument, row));
    any_null = any_null || value.is_null();
    Vector vector(argument->type);
    vector.reset(1);
    vector.set_value(0, value);
    vectors.push_back(std::move(vector));
  }
  if (any_null && bound.propagates_null) return Value::null(expression.type);
  std::vector<const Vector*> arguments;
  std::transform(vectors.begin(), vectors.end(), std::back_inserter(arguments),
                 [](const Vector& v) { return &v; });
  Vector out;
  out.reset(bound.result, 1);
  columnar::RowErrors errors;
  bound.kernel({arguments, 1, out, errors, bound.state.get()});
  if (!errors.empty()) return fail(ErrorCode::Data, errors.marks().front().reason);
  return out.value(0);
}

/// And stops at the first false, Or at the first true.
Result<Value> logical(const Expression& expression, const Cells& row, bool stop) {
  bool unknown = false;
  for (const auto& argument : expression.arguments) {
    DART_TRY(const Value value, evaluate(*argument, row));
    if (value.is_null()) {
      unknown = true;
    } else if (value.boolean() == stop) {
      return Value::boolean(stop);
    }
  }
  return unknown ? Value::null(expression.type) : Value::boolean(!stop);
}

Result<Value> choose(const Expression& expression, const Cells& row) {
  const auto& arguments = expression.arguments;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    DART_TRY(const Value condition, evaluate(*arguments[i], row));
    if (!condition.is_null() && condition.boolean()) return evaluate(*arguments[i + 1], row);
  }
  return evaluate(*arguments.back(), row);
}

}  // namespace

Result<Value> evaluate(const Expression& expression, const Cells& row) {
  switch (expression.kind) {
    case Expression::Kind::Column:
      return row.at(expression.column);
    case Expression::Kind::Literal:
      return expression.literal;
    case Expression::Kind::Call:
    case Expression::Kind::Cast:
      return call(expression, row);
    case Expression::Kind::And:
      return logical(expression, row, false);
    case Expression::Kind::Or:
      return logical(expression, row, true);
    case Expression::Kind::Case:
      return choose(expression, row);
    case Expression::Kind::Coalesce:
      break;
  }
  for (const auto& argument : expression.arguments) {
    DART_TRY(Value value, evaluate(*argument, row));
    if (!value.is_null()) return value;
  }
  return Value::null(expression.type);
}

}  // namespace dart::support
