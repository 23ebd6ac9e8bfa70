#include "sql/runner/run.hpp"

#include <algorithm>
#include <sstream>

#include "connectors/catalogue.hpp"
#include "runtime/query_runner.hpp"
#include "sql/compile.hpp"
#include "sql/runner/cross_check.hpp"
#include "support/capturing_connectors.hpp"
#include "support/engine_driver.hpp"

namespace dart::sql_test {

namespace {

/// "line:column", both from 1, of a byte in a text.
std::string place_of(const std::string& text, std::size_t offset) {
  const std::string before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  return std::to_string(line) + ":" + std::to_string(offset - start + 1);
}

Answer failure(const Error& error, const std::string& text) {
  Answer answer;
  answer.failed = true;
  answer.message = error.message + (error.hint.empty() ? "" : "; " + error.hint);
  answer.place = error.offset ? place_of(text, *error.offset) : "-";
  return answer;
}

std::string print(const support::Cells& row) {
  std::string text;
  for (std::size_t c = 0; c < row.size(); ++c) text += (c > 0 ? "|" : "") + row[c].to_string();
  return text;
}

}  // namespace

Answer run(const Case& test, const Settings& settings) {
  const std::string text = test.setup + test.script;
  const auto script = sql::compile(text, {}, connectors::catalogue());
  if (!script) return failure(script.error(), text);
  Answer answer;
  for (const std::string& explanation : script->explanations) {
    std::istringstream lines(explanation);
    for (std::string line; std::getline(lines, line);) answer.rows.push_back({line, false});
  }
  if (script->plan.sinks().empty()) return answer;
  connectors::Factory real;
  support::CapturingConnectors factory(real);
  if (settings.moving) {
    const auto report =
        support::run_engine_moving(script->plan, settings.chunk_rows, settings.workers, factory);
    if (!report) return failure(report.error(), text);
  } else {
    runtime::RunSettings run_settings;
    run_settings.workers = settings.workers;
    run_settings.chunk_rows = settings.chunk_rows;
    runtime::StopSignal stop;
    const auto report = runtime::run_plan(script->plan, factory, run_settings, stop);
    if (!report) return failure(report.error(), text);
    if (report->failure) return failure(*report->failure, text);
  }
  if (settings.cross_check) answer.disagreement = cross_check(script->plan, real, factory.captured.outputs);
  for (const auto& [table, rows] : factory.captured.outputs) {
    for (const support::Written& row : rows) {
      for (std::int64_t i = 0; i < std::abs(row.weight); ++i) {
        answer.rows.push_back({print(row.row), row.weight < 0});
      }
    }
  }
  return answer;
}

}  // namespace dart::sql_test
