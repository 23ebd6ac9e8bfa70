#include "unit/columnar/function_tester.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>

#include "columnar/text_form.hpp"

namespace dart::columnar {
namespace {

constexpr std::size_t kRows = 5;

// What an expression evaluator does around a kernel.
Vector run(const BoundFunction& bound, const std::vector<Vector>& arguments, std::size_t rows,
           RowErrors& errors) {
  std::vector<const Vector*> pointers;
  Vector out;
  out.reset(bound.result, rows);
  for (const Vector& argument : arguments) {
    pointers.push_back(&argument);
    if (bound.propagates_null) out.merge_nulls(argument, rows);
  }
  bound.kernel(KernelCall{pointers, rows, out, errors, bound.state.get()});
  return out;
}

// The value at the even rows, NULL at the odd ones.
Vector column_of(const Value& value) {
  Vector column;
  column.reset(value.type(), kRows);
  for (std::size_t row = 0; row < kRows; ++row) {
    column.set_value(row, row % 2 == 0 ? value : Value::null(value.type()));
  }
  return column;
}

std::string outcome(const Vector& out, const RowErrors& errors, std::size_t row) {
  for (const RowErrors::Mark& mark : errors.marks()) {
    if (mark.row == row) return fmt::format("error: {}", mark.reason);
  }
  return out.value(row).to_string();
}

// One shape: bit i of `columns` says that argument i is a column, otherwise it is a constant.
std::string call_in_shape(std::string_view name, const std::vector<Value>& arguments, unsigned columns) {
  std::vector<LogicalType> types;
  std::vector<const Value*> constants;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    types.push_back(arguments[i].type());
    constants.push_back((columns >> i & 1U) != 0 ? nullptr : &arguments[i]);
  }
  const auto resolved = resolve_function(name, types, constants);
  if (!resolved) return "error: " + resolved.error().message;
  std::vector<Vector> vectors;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool is_column = constants[i] == nullptr;
    Vector vector = is_column ? column_of(arguments[i]) : Vector::constant(arguments[i]);
    if (arguments[i].type() != resolved->parameters[i]) {
      const auto cast = bind_cast(arguments[i].type(), resolved->parameters[i], CastKind::Implicit);
      if (!cast) return "error: " + cast.error().message;
      RowErrors errors;
      vector = run(*cast, {vector}, is_column ? kRows : 1, errors);
      if (!errors.empty()) return fmt::format("error: {}", errors.marks().front().reason);
      if (!is_column) vector.make_constant();
    }
    vectors.push_back(std::move(vector));
  }
  RowErrors errors;
  const Vector out = run(resolved->bound, vectors, columns != 0 ? kRows : 1, errors);
  const std::string first = outcome(out, errors, 0);
  if (columns != 0) {
    EXPECT_EQ(outcome(out, errors, 4), first) << name;
    if (resolved->bound.propagates_null) {
      EXPECT_EQ(outcome(out, errors, 1), "NULL") << name;
    }
  }
  return first;
}

}  // namespace

LogicalType type_named(std::string_view name) {
  if (name.starts_with("numeric(")) {
    int precision = 0;
    int scale = 0;
    const auto comma = std::from_chars(name.data() + 8, name.data() + name.size(), precision).ptr;
    std::from_chars(comma + 1, name.data() + name.size(), scale);
    return LogicalType::numeric(precision, scale);
  }
  using enum TypeId;
  for (const TypeId id : {Null, Bool, Int, BigInt, Double, Text, Timestamp, TimestampTz, Interval, Jsonb}) {
    if (to_string(LogicalType::of(id)) == name) return LogicalType::of(id);
  }
  if (name == "int") return LogicalType::of(Int);
  if (name == "bool") return LogicalType::of(Bool);
  if (name == "double") return LogicalType::of(Double);
  ADD_FAILURE() << "no type is called " << name;
  return {};
}

Value value_of(std::string_view written) {
  const std::size_t space = std::min(written.find(' '), written.size());
  const LogicalType type = type_named(written.substr(0, space));
  const std::string_view text = written.substr(std::min(space + 1, written.size()));
  if (text == "NULL") return Value::null(type);
  auto value = parse_value(text, type);
  EXPECT_TRUE(value.has_value()) << written;
  return value ? *value : Value::null(type);
}

std::vector<Value> values_of(const std::vector<std::string>& written) {
  std::vector<Value> values;
  for (const std::string& text : written) values.push_back(value_of(text));
  return values;
}

std::string call_values(std::string_view name, const std::vector<Value>& arguments) {
  const std::string first = call_in_shape(name, arguments, 0);
  const unsigned all = (1U << arguments.size()) - 1;
  std::vector<unsigned> shapes;
  if (all != 0) shapes.push_back(all);
  for (std::size_t i = 0; arguments.size() > 1 && i < arguments.size(); ++i)
    shapes.push_back(all & ~(1U << i));
  for (const unsigned shape : shapes) {
    // An untyped literal cannot be a column.
    bool possible = true;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if ((shape >> i & 1U) != 0 && arguments[i].type().id == TypeId::Null) possible = false;
    }
    if (!possible) continue;
    const std::string again = call_in_shape(name, arguments, shape);
    EXPECT_EQ(again, first) << name << " as columns " << shape;
  }
  return first;
}

std::string call(std::string_view name, const std::vector<std::string>& arguments) {
  return call_values(name, values_of(arguments));
}

std::string result_type(std::string_view name, const std::vector<std::string>& types) {
  std::vector<LogicalType> logical;
  for (const std::string& type : types) logical.push_back(type_named(type));
  const std::vector<const Value*> constants(types.size(), nullptr);
  const auto resolved = resolve_function(name, logical, constants);
  return resolved ? to_string(resolved->bound.result) : "error: " + resolved.error().message;
}

void expect_all(const std::vector<FunctionCase>& cases) {
  for (const FunctionCase& c : cases) {
    EXPECT_EQ(call(c.name, c.arguments), c.expected)
        << fmt::format("{}({})", c.name, fmt::join(c.arguments, ", "));
  }
}

}  // namespace dart::columnar
