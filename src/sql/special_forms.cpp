#include <fmt/format.h>

#include <array>

#include "columnar/function.hpp"
#include "sql/expression_binder.hpp"

/// Operators and the forms of SQL that look like none: AND, CASE, BETWEEN, IN, COALESCE, IS.
namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using plan::Expression;
using plan::ExpressionPtr;

Result<ExpressionPtr> ExpressionBinder::to_boolean(ExpressionPtr expression, std::string_view what) const {
  const std::uint32_t offset = expression->offset;
  if (expression->type.id == TypeId::Null) {
    return plan::make_cast(std::move(expression), LogicalType::of(TypeId::Bool), columnar::CastKind::Implicit,
                           offset);
  }
  if (expression->type.id == TypeId::Bool) return expression;
  return fail(
      ErrorCode::Binding,
      fmt::format("argument of {} must be type boolean, not type {}", what, to_string(expression->type)),
      offset);
}

Result<ExpressionPtr> ExpressionBinder::bind_operator(const Tree& tree) {
  const std::string& kind = tree.string("kind");
  const std::uint32_t offset = tree.offset();
  if (kind == "AEXPR_IN") return bind_in(tree);
  if (kind == "AEXPR_BETWEEN") return bind_between(tree, false, false);
  if (kind == "AEXPR_NOT_BETWEEN") return bind_between(tree, true, false);
  if (kind == "AEXPR_BETWEEN_SYM") return bind_between(tree, false, true);
  if (kind == "AEXPR_NOT_BETWEEN_SYM") return bind_between(tree, true, true);
  if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") {
    return fail(ErrorCode::Unsupported, "ANY and ALL over arrays are not supported", offset,
                "write x IN (a, b, c)");
  }
  if (kind == "AEXPR_SIMILAR") {
    return fail(ErrorCode::Unsupported, "SIMILAR TO is not supported", offset,
                "use LIKE, or ~ with a regular expression");
  }
  std::vector<ExpressionPtr> arguments;
  if (tree["lexpr"].present()) {
    DART_TRY(ExpressionPtr left, bind(tree["lexpr"]));
    arguments.push_back(std::move(left));
  }
  DART_TRY(ExpressionPtr right, bind(tree["rexpr"]));
  arguments.push_back(std::move(right));

  std::string name(last_name(tree["name"]));
  if (kind == "AEXPR_DISTINCT") name = "is distinct from";
  if (kind == "AEXPR_NOT_DISTINCT") name = "is not distinct from";
  if (kind == "AEXPR_NULLIF") {
    DART_TRY_STATUS(unify(arguments, offset));
    name = "nullif";
  }
  return plan::make_call(std::move(name), std::move(arguments), offset);
}

Result<ExpressionPtr> ExpressionBinder::bind_in(const Tree& tree) {
  const bool negated = last_name(tree["name"]) == "<>";
  std::vector<ExpressionPtr> tests;
  DART_TRY(const ExpressionPtr left, bind(tree["lexpr"]));
  for (const Tree& item : tree["rexpr"]["items"].items) {
    DART_TRY(ExpressionPtr right, bind(item));
    DART_TRY(ExpressionPtr test,
             plan::make_call(negated ? "<>" : "=", {left, std::move(right)}, tree.offset()));
    tests.push_back(std::move(test));
  }
  return plan::make_logical(negated ? Expression::Kind::And : Expression::Kind::Or, std::move(tests));
}

Result<ExpressionPtr> ExpressionBinder::bind_between(const Tree& tree, bool negated, bool symmetric) {
  const std::uint32_t offset = tree.offset();
  const std::vector<Tree>& bounds = tree["rexpr"]["items"].items;
  if (bounds.size() != 2) return fail(ErrorCode::Syntax, "BETWEEN needs two bounds", offset);
  DART_TRY(const ExpressionPtr value, bind(tree["lexpr"]));
  DART_TRY(const ExpressionPtr a, bind(bounds[0]));
  DART_TRY(const ExpressionPtr b, bind(bounds[1]));
  const auto inside = [&](const ExpressionPtr& low, const ExpressionPtr& high) -> Bound {
    DART_TRY(ExpressionPtr from, plan::make_call(negated ? "<" : ">=", {value, low}, offset));
    DART_TRY(ExpressionPtr to, plan::make_call(negated ? ">" : "<=", {value, high}, offset));
    return plan::make_logical(negated ? Expression::Kind::Or : Expression::Kind::And,
                              {std::move(from), std::move(to)});
  };
  DART_TRY(ExpressionPtr plain, inside(a, b));
  if (!symmetric) return plain;
  DART_TRY(ExpressionPtr swapped, inside(b, a));
  return plan::make_logical(negated ? Expression::Kind::And : Expression::Kind::Or,
                            {std::move(plain), std::move(swapped)});
}

Result<ExpressionPtr> ExpressionBinder::bind_bool(const Tree& tree) {
  const std::string& op = tree.string("boolop");
  const std::string_view what = op == "NOT_EXPR" ? "NOT" : op == "AND_EXPR" ? "AND" : "OR";
  DART_TRY(std::vector<ExpressionPtr> arguments, bind_all(tree["args"].items));
  for (ExpressionPtr& argument : arguments) {
    DART_TRY(argument, to_boolean(std::move(argument), what));
  }
  if (op == "NOT_EXPR") return plan::make_call("not", std::move(arguments), tree.offset());
  return plan::make_logical(op == "AND_EXPR" ? Expression::Kind::And : Expression::Kind::Or,
                            std::move(arguments));
}

Result<ExpressionPtr> ExpressionBinder::bind_case(const Tree& tree) {
  ExpressionPtr subject;
  if (tree["arg"].present()) {
    DART_TRY(subject, bind(tree["arg"]));
  }
  std::vector<ExpressionPtr> conditions;
  std::vector<ExpressionPtr> results;
  for (const Tree& when : tree["args"].items) {
    DART_TRY(ExpressionPtr condition, bind(when["expr"]));
    if (subject) {
      const std::uint32_t offset = condition->offset;
      DART_TRY(condition, plan::make_call("=", {subject, std::move(condition)}, offset));
    } else {
      DART_TRY(condition, to_boolean(std::move(condition), "CASE/WHEN"));
    }
    conditions.push_back(std::move(condition));
    DART_TRY(ExpressionPtr result, bind(when["result"]));
    results.push_back(std::move(result));
  }
  if (tree["defresult"].present()) {
    DART_TRY(ExpressionPtr otherwise, bind(tree["defresult"]));
    results.push_back(std::move(otherwise));
  } else {
    results.push_back(plan::make_literal(columnar::Value(), tree.offset()));
  }
  DART_TRY_STATUS(unify(results, tree.offset()));
  const LogicalType type = results.front()->type;
  std::vector<ExpressionPtr> arguments;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    arguments.push_back(std::move(conditions[i]));
    arguments.push_back(std::move(results[i]));
  }
  arguments.push_back(std::move(results.back()));
  return plan::make_case(std::move(arguments), type);
}

Result<ExpressionPtr> ExpressionBinder::bind_common(const Tree& tree, std::string_view function) {
  DART_TRY(std::vector<ExpressionPtr> arguments, bind_all(tree["args"].items));
  DART_TRY_STATUS(unify(arguments, tree.offset()));
  const LogicalType type = arguments.front()->type;
  if (function == "coalesce") return plan::make_coalesce(std::move(arguments), type);
  return plan::make_call(std::string(function), std::move(arguments), tree.offset());
}

Result<ExpressionPtr> ExpressionBinder::bind_test(const Tree& tree) {
  struct Test {
    std::string_view node;
    std::string_view function;
  };
  constexpr std::array kTests = {Test{"IS_NULL", "is null"},       Test{"IS_NOT_NULL", "is not null"},
                                 Test{"IS_TRUE", "is true"},       Test{"IS_NOT_TRUE", "is not true"},
                                 Test{"IS_FALSE", "is false"},     Test{"IS_NOT_FALSE", "is not false"},
                                 Test{"IS_UNKNOWN", "is unknown"}, Test{"IS_NOT_UNKNOWN", "is not unknown"}};
  const bool null_test = tree.is("NullTest");
  const std::string& type = tree.string(null_test ? "nulltesttype" : "booltesttype");
  DART_TRY(ExpressionPtr argument, bind(tree["arg"]));
  if (!null_test) {
    DART_TRY(argument, to_boolean(std::move(argument), "IS"));
  }
  for (const Test& test : kTests) {
    if (test.node == type)
      return plan::make_call(std::string(test.function), {std::move(argument)}, tree.offset());
  }
  return fail(ErrorCode::Unsupported, fmt::format("{} is not supported", type), tree.offset());
}

}  // namespace dart::sql
