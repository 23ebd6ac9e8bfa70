#include "sql/expression_binder.hpp"

#include <fmt/format.h>

#include <array>

#include "base/limits.hpp"
#include "columnar/function.hpp"
#include "columnar/text_form.hpp"
#include "sql/names.hpp"
#include "sql/types.hpp"

namespace dart::sql {

using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;
using plan::ExpressionPtr;

tl::unexpected<Error> with_offset(Error error, std::uint32_t offset) {
  if (!error.offset) error.offset = offset;
  return tl::unexpected<Error>(std::move(error));
}

Result<ExpressionPtr> settle_unknown(ExpressionPtr expression) {
  if (expression->type.id != TypeId::Null) return expression;
  const std::uint32_t offset = expression->offset;
  return plan::make_cast(std::move(expression), LogicalType::of(TypeId::Text), columnar::CastKind::Implicit,
                         offset);
}

Status unify(std::vector<ExpressionPtr>& expressions, std::uint32_t offset) {
  std::vector<LogicalType> types;
  for (const ExpressionPtr& e : expressions) types.push_back(e->type);
  auto type = columnar::common_type(types);
  if (!type) return with_offset(std::move(type).error(), offset);
  for (ExpressionPtr& e : expressions) {
    const std::uint32_t own = e->offset;
    DART_TRY(e, plan::make_cast(std::move(e), *type, columnar::CastKind::Implicit, own));
  }
  return {};
}

std::vector<const Tree*> conjuncts_of(const Tree& condition) {
  if (!condition.present()) return {};
  if (!condition.is("BoolExpr") || condition.string("boolop") != "AND_EXPR") return {&condition};
  std::vector<const Tree*> all;
  for (const Tree& argument : condition["args"].items) {
    const std::vector<const Tree*> inner = conjuncts_of(argument);
    all.insert(all.end(), inner.begin(), inner.end());
  }
  return all;
}

namespace {

struct Unsupported {
  std::string_view kind;
  std::string_view message;
  std::string_view hint;
};
constexpr std::array kUnsupported = {
    Unsupported{"ParamRef", "parameters like $1 are not supported",
                "use a variable: :'name', set by -v name=value"},
    Unsupported{"A_ArrayExpr", "arrays are not supported", "write one column for each element"},
    Unsupported{"A_Indirection", "subscripts and fields of values are not supported", "jsonb has -> and ->>"},
    Unsupported{"RowExpr", "row values are not supported", "compare the columns one by one"},
    Unsupported{"CollateClause", "COLLATE is not supported", "text is compared byte by byte"},
    Unsupported{"GroupingFunc", "GROUPING is not supported", "write one query for each set of keys"},
    Unsupported{"NamedArgExpr", "named arguments are not supported here", "give the arguments in order"},
    Unsupported{"SetToDefault", "DEFAULT is not supported here", "leave the column out of the INSERT"},
};

}  // namespace

Result<ExpressionPtr> ExpressionBinder::bind(const Tree& tree) {
  if (depth_ >= limits::kNesting) {
    return fail(ErrorCode::Capacity,
                fmt::format("an expression is nested more than {} deep", limits::kNesting), tree.offset());
  }
  ++depth_;
  Bound bound = bind_node(tree);
  --depth_;
  return bound;
}

Result<ExpressionPtr> ExpressionBinder::bind_node(const Tree& tree) {
  if (tree.is("ColumnRef")) return bind_column(tree);
  if (tree.is("A_Const")) return bind_constant(tree);
  if (tree.is("TypeCast")) return bind_cast(tree);
  if (tree.is("A_Expr")) return bind_operator(tree);
  if (tree.is("BoolExpr")) return bind_bool(tree);
  if (tree.is("CaseExpr")) return bind_case(tree);
  if (tree.is("CoalesceExpr")) return bind_common(tree, "coalesce");
  if (tree.is("MinMaxExpr")) return bind_common(tree, tree.string("op") == "IS_LEAST" ? "least" : "greatest");
  if (tree.is("NullTest") || tree.is("BooleanTest")) return bind_test(tree);
  if (tree.is("FuncCall")) return bind_call(tree);
  if (tree.is("SQLValueFunction")) {
    const std::string& op = tree.string("op");
    if (op.starts_with("SVFOP_CURRENT_DATE") || op.find("TIME") != std::string::npos) {
      return fail(ErrorCode::Unsupported, "the current time is not a function of the input", tree.offset(),
                  "use the event time, or the hidden column _read_at of a source");
    }
    return fail(ErrorCode::Unsupported,
                "user, current_user and the like mean the session's user in SQL, not a column", tree.offset(),
                "write the column's name in double quotes: \"user\"");
  }
  if (tree.is("SubLink")) {
    const std::string& type = tree.string("subLinkType");
    const std::string_view what = type == "EXISTS_SUBLINK" ? "EXISTS (SELECT ...)"
                                  : type == "ANY_SUBLINK"  ? "IN (SELECT ...)"
                                                           : "a sub-query inside an expression";
    return fail(ErrorCode::Unsupported, fmt::format("{} is not supported", what), tree.offset(),
                "put the sub-query into FROM and join with it");
  }
  for (const Unsupported& entry : kUnsupported) {
    if (tree.is(entry.kind)) {
      return fail(ErrorCode::Unsupported, std::string(entry.message), tree.offset(), std::string(entry.hint));
    }
  }
  return fail(ErrorCode::Unsupported,
              fmt::format("{} is not supported", tree.kind.empty() ? "this" : tree.kind), tree.offset());
}

Result<ExpressionPtr> ExpressionBinder::bind_condition(const Tree& tree) {
  DART_TRY(ExpressionPtr condition, bind(tree));
  return to_boolean(std::move(condition), clause_);
}

Result<ExpressionPtr> ExpressionBinder::bind_output(const Tree& tree) {
  DART_TRY(ExpressionPtr expression, bind(tree));
  return settle_unknown(std::move(expression));
}

Result<std::vector<ExpressionPtr>> ExpressionBinder::bind_all(const std::vector<Tree>& trees) {
  std::vector<ExpressionPtr> all;
  for (const Tree& tree : trees) {
    DART_TRY(ExpressionPtr expression, bind(tree));
    all.push_back(std::move(expression));
  }
  return all;
}

Result<ExpressionPtr> ExpressionBinder::bind_column(const Tree& tree) {
  const std::vector<Tree>& fields = tree["fields"].items;
  const std::uint32_t offset = tree.offset();
  if (fields.empty() || fields.back().is("A_Star")) {
    return fail(ErrorCode::Binding, fmt::format("* is not allowed in {}", clause_), offset);
  }
  if (fields.size() > 2) {
    return fail(ErrorCode::Unsupported, "a column has at most a table's name before it", offset);
  }
  const std::string qualifier = fields.size() == 2 ? fields[0].string("sval") : "";
  DART_TRY(const RelationColumn* column,
           find_column(input_, qualifier, fields.back().string("sval"), offset));
  return context_.column(input_, column->column, offset);
}

Result<ExpressionPtr> ExpressionBinder::bind_constant(const Tree& tree) {
  const std::uint32_t offset = tree.offset();
  if (tree["ival"].present()) return plan::make_literal(Value::integer(tree["ival"]["ival"].number), offset);
  if (tree["boolval"].present())
    return plan::make_literal(Value::boolean(tree["boolval"].flag("boolval")), offset);
  if (tree["fval"].present()) {
    const std::string& digits = tree["fval"].string("fval");
    DART_TRY(const LogicalType type, literal_type(digits, offset));
    auto value = columnar::parse_value(digits, type);
    if (!value) return with_offset(std::move(value).error(), offset);
    return plan::make_literal(*std::move(value), offset);
  }
  if (tree["sval"].present()) {
    const std::string& text = tree["sval"].string("sval");
    return plan::make_literal(Value::of(LogicalType::of(TypeId::Null), columnar::StringRef(text)), offset);
  }
  if (tree.flag("isnull")) return plan::make_literal(Value(), offset);
  return fail(ErrorCode::Unsupported, "bit strings are not supported", offset, "write an integer");
}

Result<ExpressionPtr> ExpressionBinder::bind_cast(const Tree& tree) {
  const Tree& type_name = tree["typeName"];
  DART_TRY(const LogicalType type, bind_type(type_name));
  if (type.id == TypeId::Interval && tree["arg"].is("A_Const") && tree["arg"]["sval"].present()) {
    return bind_interval(tree["arg"], type_name);
  }
  DART_TRY(ExpressionPtr argument, bind(tree["arg"]));
  return plan::make_cast(std::move(argument), type, columnar::CastKind::Explicit, tree.offset());
}

/// INTERVAL '10' MINUTE: the field is the unit of a bare number.
Result<ExpressionPtr> ExpressionBinder::bind_interval(const Tree& literal, const Tree& type_name) {
  struct Field {
    std::int64_t mask;
    std::string_view unit;
  };
  constexpr std::array kFields = {Field{4, "years"},    Field{2, "months"},     Field{8, "days"},
                                  Field{1024, "hours"}, Field{2048, "minutes"}, Field{4096, "seconds"}};
  std::string text = literal["sval"].string("sval");
  const std::vector<Tree>& modifiers = type_name["typmods"].items;
  const std::int64_t mask = modifiers.empty() ? 0 : modifiers[0]["ival"]["ival"].number;
  for (const Field& field : kFields) {
    const bool bare = !text.empty() && text.find_first_not_of("+-.0123456789 ") == std::string::npos;
    if (field.mask == mask && bare) text += fmt::format(" {}", field.unit);
  }
  auto us = columnar::parse_interval(text);
  if (!us) return with_offset(std::move(us).error(), literal.offset());
  return plan::make_literal(Value::interval(*us), type_name.offset());
}

}  // namespace dart::sql
