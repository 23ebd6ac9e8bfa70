#include "sql/rewrite.hpp"

namespace dart::sql {

Result<plan::ExpressionPtr> rewrite(const plan::ExpressionPtr& expression, const Replacement& replace) {
  DART_TRY(plan::ExpressionPtr replaced, replace(expression));
  if (replaced) return replaced;
  std::vector<plan::ExpressionPtr> arguments;
  bool changed = false;
  for (const plan::ExpressionPtr& argument : expression->arguments) {
    DART_TRY(plan::ExpressionPtr inner, rewrite(argument, replace));
    changed = changed || inner != argument;
    arguments.push_back(std::move(inner));
  }
  if (!changed) return expression;
  auto copy = std::make_shared<plan::Expression>(*expression);
  copy->arguments = std::move(arguments);
  return plan::ExpressionPtr(std::move(copy));
}

}  // namespace dart::sql
