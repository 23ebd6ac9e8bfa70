#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plan/expression.hpp"
#include "plan/plan.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

class Context;

/// Operations that a call may grow to, with all that it calls in turn.
inline constexpr std::size_t kCallNodes = 4096;

/// A function that a script declares: one expression over its parameters.
struct UserFunction {
  std::string name;
  std::vector<plan::Column> parameters;
  plan::ExpressionPtr body;  ///< of the type that it returns; parameter k is column k
};

/// CREATE FUNCTION name(parameter type, ...) RETURNS type RETURN expression; goes into the context.
[[nodiscard]] Status bind_create_function(Context& context, const Tree& statement);

/// The body with the arguments in place of the parameters, cast to their types. PostgreSQL puts such
/// functions into the query that calls them too. Errors: too many or too few arguments, a type that does not
/// fit, a call that grows beyond kCallNodes.
[[nodiscard]] Result<plan::ExpressionPtr> call_function(const UserFunction& function,
                                                        std::vector<plan::ExpressionPtr> arguments,
                                                        std::uint32_t offset);

}  // namespace dart::sql
