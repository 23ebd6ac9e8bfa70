#include "apps/sim/deploy_app.hpp"

#include <map>
#include <string>
#include <utility>

#include "apps/query_compiler.hpp"
#include "apps/sim/deploy_app_sql.hpp"
#include "sim/app_figures.hpp"

namespace dart::apps {

namespace {

/// Rows come from nowhere and go nowhere: only what the control plane does with the query counts.
const std::map<std::string, std::string> kVariables = {{"input", "/dev/null"}, {"output", "/dev/null"}};

template <class Value>
Result<Value> made(api::QueryResult<Value>&& result) {
  if (result) return std::move(*result);
  return fail(ErrorCode::InvalidArgument, result.error().message, std::nullopt, result.error().hint);
}

}  // namespace

Result<placement::QuerySpec> plan_deploy_app(const overlay::NodeHandle& here) {
  api::Submission submission;
  submission.name = "app";
  submission.sql = deploy_app_sql();
  submission.variables = kVariables;
  DART_TRY([[maybe_unused]] const auto names, made(names_needed(submission)));
  DART_TRY(const CompiledScript script, made(compile_script(submission, {})));
  return made(spec_of(script, submission, here));
}

Result<placement::QuerySpec> deploy_app() {
  DART_TRY(placement::QuerySpec planned, plan_deploy_app({}));
  placement::QuerySpec app = sim::app_spec("app");
  app.text = std::move(planned.text);
  app.program = std::move(planned.program);
  return app;
}

}  // namespace dart::apps
