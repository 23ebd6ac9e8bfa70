#include "sql/compile.hpp"

#include <algorithm>

#include "sql/finish.hpp"
#include "sql/parse.hpp"
#include "sql/statements.hpp"

namespace dart::sql {

Result<Script> compile(std::string_view text, const std::map<std::string, std::string>& variables,
                       const plan::Catalogue& catalogue) {
  DART_TRY(const Substituted script, read_script(text, variables));
  DART_TRY(const std::vector<Statement> statements, parse(script));
  Context context(catalogue);
  Outputs outputs;
  for (const Statement& statement : statements) {
    DART_TRY_STATUS(bind_statement(context, statement.tree, outputs));
  }

  Script result;
  std::vector<std::uint32_t> kept_tables;
  for (const plan::NodeId sink : outputs.explained) {
    DART_TRY(const plan::Plan explained, finish(context.plan, {sink}, kept_tables));
    result.explanations.push_back(plan::explain(explained));
  }
  DART_TRY(result.plan, finish(context.plan, outputs.sinks, kept_tables));
  for (const std::uint32_t table : outputs.printed) {
    const auto place = std::find(kept_tables.begin(), kept_tables.end(), table);
    result.printed.push_back(static_cast<std::uint32_t>(place - kept_tables.begin()));
  }
  return result;
}

}  // namespace dart::sql
