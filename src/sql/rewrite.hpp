#pragma once

#include <functional>

#include "base/result.hpp"
#include "plan/expression.hpp"

namespace dart::sql {

/// What to put in place of an expression; null: keep it and look inside.
using Replacement = std::function<Result<plan::ExpressionPtr>(const plan::ExpressionPtr&)>;

/// The expression with every outermost part that `replace` answers for replaced.
[[nodiscard]] Result<plan::ExpressionPtr> rewrite(const plan::ExpressionPtr& expression,
                                                  const Replacement& replace);

}  // namespace dart::sql
