#include "plan/expression_codec.hpp"

#include <utility>

#include "base/limits.hpp"

namespace dart::plan::wire {

namespace {

using columnar::LogicalType;
using columnar::PhysicalType;
using columnar::TypeId;
using columnar::Value;
using Kind = Expression::Kind;

tl::unexpected<Error> wrong(const char* what) { return fail(ErrorCode::Data, what); }

bool fits(std::int64_t value, const LogicalType& type) {
  if (type.id == TypeId::Int) return value >= INT32_MIN && value <= INT32_MAX;
  return true;
}

bool fits_decimal(int128 value, int precision) {
  int128 limit = 1;
  for (int i = 0; i < precision; ++i) limit *= 10;
  return -limit < value && value < limit;
}

Result<Value> read_payload(const LogicalType& type, ByteReader& in) {
  switch (type.physical()) {
    case PhysicalType::Bool: {
      DART_TRY(const bool value, read_bool(in));
      return Value::boolean(value);
    }
    case PhysicalType::Int64: {
      DART_TRY(const std::int64_t value, in.fixed<std::int64_t>());
      const bool decimal = type.id == TypeId::Numeric;
      if (decimal ? !fits_decimal(value, type.precision) : !fits(value, type))
        return wrong("a value out of range");
      return Value::of(type, value);
    }
    case PhysicalType::Int128: {
      DART_TRY(const int128 value, in.fixed<int128>());
      if (!fits_decimal(value, type.precision)) return wrong("a value out of range");
      return Value::of(type, value);
    }
    case PhysicalType::Double: {
      DART_TRY(const double value, in.fixed<double>());
      return Value::of(type, value);
    }
    case PhysicalType::String:
      break;
  }
  DART_TRY(const std::string_view text, in.text());
  return Value::of(type, columnar::StringRef(text));
}

void write_payload(const Value& value, ByteWriter& out) {
  switch (value.type().physical()) {
    case PhysicalType::Bool:
      return write_bool(value.boolean(), out);
    case PhysicalType::Int64:
      return out.fixed(value.get<std::int64_t>());
    case PhysicalType::Int128:
      return out.fixed(value.get<int128>());
    case PhysicalType::Double:
      return out.fixed(value.real());
    case PhysicalType::String:
      return out.text(value.text());
  }
}

Result<ExpressionPtr> read_nested(ByteReader& in, std::size_t nesting);

Result<std::vector<ExpressionPtr>> read_arguments(ByteReader& in, std::size_t nesting) {
  DART_TRY(const std::size_t count, in.count());
  std::vector<ExpressionPtr> arguments;
  for (std::size_t i = 0; i < count; ++i) {
    DART_TRY(ExpressionPtr argument, read_nested(in, nesting + 1));
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

Status bind_call(Expression& expression) {
  std::vector<LogicalType> types;
  std::vector<const Value*> constants;
  for (const ExpressionPtr& argument : expression.arguments) {
    types.push_back(argument->type);
    constants.push_back(argument->kind == Kind::Literal ? &argument->literal : nullptr);
  }
  DART_TRY(auto resolved, columnar::resolve_function(expression.name, types, constants));
  if (resolved.parameters != types) return wrong("a function of other types than it takes");
  expression.type = resolved.bound.result;
  expression.bound = std::move(resolved.bound);
  return {};
}

Status bind_cast(Expression& expression) {
  if (expression.arguments.size() != 1) return wrong("a cast of no one value");
  DART_TRY(expression.bound, columnar::bind_cast(expression.arguments.front()->type, expression.type,
                                                 columnar::CastKind::Explicit));
  return {};
}

/// The type follows from the arguments, except that of a cast.
Status complete(Expression& expression) {
  const std::size_t count = expression.arguments.size();
  switch (expression.kind) {
    case Kind::Call:
      return bind_call(expression);
    case Kind::Cast:
      return bind_cast(expression);
    case Kind::And:
    case Kind::Or:
      expression.type = LogicalType::of(TypeId::Bool);
      return {};
    case Kind::Case:
      if (count < 3) return wrong("a CASE without its parts");
      expression.type = expression.arguments.back()->type;
      return {};
    case Kind::Coalesce:
      if (count == 0) return wrong("an empty coalesce");
      expression.type = expression.arguments.front()->type;
      return {};
    case Kind::Column:
    case Kind::Literal:
      break;
  }
  return {};
}

Result<ExpressionPtr> read_nested(ByteReader& in, std::size_t nesting) {
  if (nesting > limits::kNesting) return wrong("an expression nested too deep");
  auto expression = std::make_shared<Expression>();
  DART_TRY(expression->kind, read_enum<Kind>(in, static_cast<std::uint8_t>(Kind::Coalesce) + 1));
  DART_TRY(expression->offset, read_u32(in));
  if (expression->kind == Kind::Column) {
    DART_TRY(expression->column, read_u32(in));
    DART_TRY(expression->type, read_type(in));
    return ExpressionPtr(std::move(expression));
  }
  if (expression->kind == Kind::Literal) {
    DART_TRY(expression->literal, read_value(in));
    expression->type = expression->literal.type();
    return ExpressionPtr(std::move(expression));
  }
  if (expression->kind == Kind::Call) {
    DART_TRY(const std::string_view name, in.text());
    expression->name = std::string(name);
  }
  if (expression->kind == Kind::Cast) {
    DART_TRY(expression->type, read_type(in));
  }
  DART_TRY(expression->arguments, read_arguments(in, nesting));
  DART_TRY_STATUS(complete(*expression));
  return ExpressionPtr(std::move(expression));
}

}  // namespace

void write_value(const Value& value, ByteWriter& out) {
  write_type(value.type(), out);
  write_bool(value.is_null(), out);
  if (!value.is_null()) write_payload(value, out);
}

Result<Value> read_value(ByteReader& in) {
  DART_TRY(const LogicalType type, read_type(in));
  DART_TRY(const bool null, read_bool(in));
  if (null) return Value::null(type);
  return read_payload(type, in);
}

void write_type(const LogicalType& type, ByteWriter& out) {
  write_enum(type.id, out);
  if (type.id != TypeId::Numeric) return;
  out.fixed(type.precision);
  out.fixed(type.scale);
}

Result<LogicalType> read_type(ByteReader& in) {
  DART_TRY(const TypeId id, read_enum<TypeId>(in, static_cast<std::uint8_t>(TypeId::Jsonb) + 1));
  if (id != TypeId::Numeric) return LogicalType::of(id);
  DART_TRY(const std::uint8_t precision, in.fixed<std::uint8_t>());
  DART_TRY(const std::uint8_t scale, in.fixed<std::uint8_t>());
  if (precision == 0 || precision > columnar::kMaxPrecision || scale > precision)
    return wrong("a numeric type");
  return LogicalType::numeric(precision, scale);
}

void write_expression(const Expression& expression, ByteWriter& out) {
  write_enum(expression.kind, out);
  out.varint(expression.offset);
  switch (expression.kind) {
    case Kind::Column:
      out.varint(expression.column);
      write_type(expression.type, out);
      return;
    case Kind::Literal:
      write_value(expression.literal, out);
      return;
    case Kind::Call:
      out.text(expression.name);
      break;
    case Kind::Cast:
      write_type(expression.type, out);
      break;
    default:
      break;
  }
  write_expressions(expression.arguments, out);
}

Result<ExpressionPtr> read_expression(ByteReader& in) { return read_nested(in, 1); }

void write_expressions(const std::vector<ExpressionPtr>& expressions, ByteWriter& out) {
  out.varint(expressions.size());
  for (const ExpressionPtr& expression : expressions) write_expression(*expression, out);
}

Result<std::vector<ExpressionPtr>> read_expressions(ByteReader& in) { return read_arguments(in, 0); }

Result<std::uint32_t> read_u32(ByteReader& in) {
  DART_TRY(const std::uint64_t value, in.varint());
  if (value > UINT32_MAX) return wrong("a number longer than 32 bits");
  return static_cast<std::uint32_t>(value);
}

Result<bool> read_bool(ByteReader& in) {
  DART_TRY(const std::uint8_t value, in.fixed<std::uint8_t>());
  if (value > 1) return wrong("neither true nor false");
  return value == 1;
}

void write_bool(bool value, ByteWriter& out) { out.fixed(static_cast<std::uint8_t>(value)); }

void write_columns(const std::vector<std::uint32_t>& columns, ByteWriter& out) {
  out.varint(columns.size());
  for (const std::uint32_t column : columns) out.varint(column);
}

Result<std::vector<std::uint32_t>> read_columns(ByteReader& in) {
  DART_TRY(const std::size_t count, in.count());
  std::vector<std::uint32_t> columns;
  for (std::size_t i = 0; i < count; ++i) {
    DART_TRY(const std::uint32_t column, read_u32(in));
    columns.push_back(column);
  }
  return columns;
}

void write_optional(const std::optional<std::uint32_t>& value, ByteWriter& out) {
  write_bool(value.has_value(), out);
  if (value) out.varint(*value);
}

Result<std::optional<std::uint32_t>> read_optional(ByteReader& in) {
  DART_TRY(const bool there, read_bool(in));
  if (!there) return std::nullopt;
  DART_TRY(const std::uint32_t value, read_u32(in));
  return std::optional<std::uint32_t>(value);
}

}  // namespace dart::plan::wire
