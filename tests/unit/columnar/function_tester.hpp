#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "columnar/function.hpp"

namespace dart::columnar {

/// "int", "numeric(9,2)", "text", ..., "unknown".
LogicalType type_named(std::string_view name);
/// A value written as "int 5", "text a b", "numeric(9,2) 1.50"; "int NULL" is NULL.
Value value_of(std::string_view written);
std::vector<Value> values_of(const std::vector<std::string>& written);

/// Resolves and calls a function over these arguments in several shapes: as literals, as flat columns among
/// rows of NULLs, and each argument alone constant. All shapes must agree. The text of the result, "NULL", or
/// "error: ..." with the message of the binder or of the row.
std::string call_values(std::string_view name, const std::vector<Value>& arguments);
std::string call(std::string_view name, const std::vector<std::string>& arguments);
/// The type of the result over columns of the arguments' types, or "error: ...".
std::string result_type(std::string_view name, const std::vector<std::string>& types);

/// One line of a table: a call and what PostgreSQL 15 answers to it.
struct FunctionCase {
  std::string name;
  std::vector<std::string> arguments;
  std::string expected;
};
void expect_all(const std::vector<FunctionCase>& cases);

}  // namespace dart::columnar
