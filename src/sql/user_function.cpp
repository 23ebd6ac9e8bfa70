#include "sql/user_function.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sql/context.hpp"
#include "sql/expression_binder.hpp"
#include "sql/types.hpp"

namespace dart::sql {

using columnar::LogicalType;
using plan::ExpressionPtr;

namespace {

constexpr const char* kForm =
    "write CREATE FUNCTION name(parameter type, ...) RETURNS type RETURN expression";

/// Takes every node from what is left; a node that stands in several places counts in each.
// NOLINTNEXTLINE(misc-no-recursion): no deeper than `left`
void count_nodes(const plan::Expression& expression, std::size_t& left) {
  if (left == 0) return;
  --left;
  for (const ExpressionPtr& argument : expression.arguments) count_nodes(*argument, left);
}

Status refuse_options(const Tree& statement, std::uint32_t offset) {
  if (statement.flag("is_procedure")) {
    return fail(ErrorCode::Unsupported, "CREATE PROCEDURE is not supported", offset);
  }
  for (const Tree& option : statement["options"].items) {
    const std::string& name = option.string("defname");
    const std::string& value = option["arg"].string("sval");
    // What an expression depends on, the binder knows itself.
    if (name == "volatility" || name == "parallel" || (name == "language" && value == "sql")) continue;
    if (name == "language") {
      return fail(ErrorCode::Unsupported, fmt::format("LANGUAGE {} is not supported", value),
                  option.location().value_or(offset), kForm);
    }
    return fail(ErrorCode::Unsupported,
                name == "as" ? "a body in quotes is not supported"
                             : fmt::format("this option of CREATE FUNCTION ({}) is not supported", name),
                option.location().value_or(offset), kForm);
  }
  if (!statement["sql_body"].is("ReturnStmt")) {
    return fail(ErrorCode::Unsupported, "a function is one expression", offset, kForm);
  }
  if (!statement["returnType"].present() || statement["returnType"].flag("setof")) {
    return fail(ErrorCode::Unsupported, "a function returns one value", offset, kForm);
  }
  return {};
}

Result<std::vector<plan::Column>> bind_parameters(const Tree& list) {
  std::vector<plan::Column> parameters;
  for (const Tree& parameter : list.items) {
    const std::uint32_t offset = parameter.offset();
    const std::string& mode = parameter.string("mode");
    const bool plain = mode.empty() || mode == "FUNC_PARAM_DEFAULT" || mode == "FUNC_PARAM_IN";
    if (!plain || parameter["defexpr"].present()) {
      return fail(ErrorCode::Unsupported, "OUT, VARIADIC and DEFAULT parameters are not supported", offset);
    }
    const std::string& name = parameter.string("name");
    const bool twice = std::any_of(parameters.begin(), parameters.end(),
                                   [&](const plan::Column& other) { return other.name == name; });
    if (name.empty()) return fail(ErrorCode::Unsupported, "a parameter needs a name", offset, kForm);
    if (twice) {
      return fail(ErrorCode::Binding, fmt::format("parameter name \"{}\" used more than once", name), offset);
    }
    DART_TRY(const LogicalType type, bind_type(parameter["argType"]));
    parameters.push_back({name, type});
  }
  return parameters;
}

/// A row of the parameters, for the body to name; nothing reads it.
Relation row_of(Context& context, const UserFunction& function, std::uint32_t offset) {
  std::vector<OutputColumn> columns;
  for (const plan::Column& parameter : function.parameters) {
    columns.push_back(
        {parameter.name, plan::make_literal(columnar::Value::null(parameter.type), offset), false});
  }
  Relation row = context.project(context.one_row(offset), std::move(columns), offset);
  row.qualify(function.name);
  return row;
}

}  // namespace

Status bind_create_function(Context& context, const Tree& statement) {
  UserFunction function;
  function.name = last_name(statement["funcname"]);
  const std::uint32_t offset = statement.offset();
  DART_TRY_STATUS(refuse_options(statement, offset));
  if (is_built_in_function(function.name)) {
    return fail(ErrorCode::Binding, fmt::format("function \"{}\" is built in", function.name), offset,
                "choose another name");
  }
  if (context.functions.contains(function.name) && !statement.flag("replace")) {
    return fail(ErrorCode::Binding, fmt::format("function \"{}\" already exists", function.name), offset);
  }
  DART_TRY(function.parameters, bind_parameters(statement["parameters"]));
  DART_TRY(const LogicalType result, bind_type(statement["returnType"]));
  const Relation row = row_of(context, function, offset);
  const Tree& value = statement["sql_body"]["returnval"];
  DART_TRY(ExpressionPtr body,
           ExpressionBinder(context, row, fmt::format("function \"{}\"", function.name)).bind(value));
  const std::uint32_t own = value.offset();
  const LogicalType from = body->type;
  auto cast = plan::make_cast(std::move(body), result, columnar::CastKind::Assignment, own);
  if (!cast) {
    return fail(ErrorCode::Binding,
                fmt::format("function \"{}\" returns {} and its expression is of type {}", function.name,
                            to_string(result), to_string(from)),
                own, "cast it in the expression");
  }
  function.body = *std::move(cast);
  context.functions[function.name] = std::move(function);
  return {};
}

Result<ExpressionPtr> call_function(const UserFunction& function, std::vector<ExpressionPtr> arguments,
                                    std::uint32_t offset) {
  if (arguments.size() != function.parameters.size()) {
    return fail(ErrorCode::Binding,
                fmt::format("function {}() has {} parameters and not {}", function.name,
                            function.parameters.size(), arguments.size()),
                offset);
  }
  for (std::size_t k = 0; k < arguments.size(); ++k) {
    const std::uint32_t own = arguments[k]->offset;
    const LogicalType from = arguments[k]->type;
    const LogicalType to = function.parameters[k].type;
    auto cast = plan::make_cast(std::move(arguments[k]), to, columnar::CastKind::Implicit, own);
    if (!cast) {
      return fail(ErrorCode::Binding,
                  fmt::format("parameter \"{}\" of function {}() is of type {} and not {}",
                              function.parameters[k].name, function.name, to_string(to), to_string(from)),
                  own, "cast the argument");
    }
    arguments[k] = *std::move(cast);
  }
  ExpressionPtr call = plan::substitute(function.body, arguments);
  std::size_t left = kCallNodes;
  count_nodes(*call, left);
  if (left == 0) {
    return fail(ErrorCode::Capacity,
                fmt::format("this call of {}() grows to more than {} operations", function.name, kCallNodes),
                offset, "compute a part of it in a view");
  }
  return call;
}

}  // namespace dart::sql
