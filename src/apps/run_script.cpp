#include "apps/run_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>
#include <system_error>
#include <vector>

#include "apps/process_memory.hpp"
#include "apps/run_stats.hpp"
#include "connectors/catalogue.hpp"
#include "sql/compile.hpp"

namespace dart::apps {

namespace {

constexpr int kFailed = 1;

void set_option(plan::TableDefinition& table, const std::string& name, columnar::Value value) {
  for (auto& [key, old] : table.options) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  table.options.emplace_back(name, std::move(value));
}

/// Plain SELECTs print as tables; -o asks for another format.
void choose_format(plan::TableDefinition& table, OutputFormat format) {
  if (format == OutputFormat::Table) return;
  table.format = format == OutputFormat::Json ? "json" : "csv";
  if (format == OutputFormat::Csv) set_option(table, "header", columnar::Value::boolean(true));
}

bool writes_stdout(const plan::TableDefinition& table) {
  if (table.connector == "stdout") return true;
  const auto* path = plan::find_option(table.options, "path");
  return table.connector == "file" && path != nullptr && path->text() == "-";
}

bool writes_stdout(const plan::Plan& plan) {
  const auto sinks = plan.sinks();
  return std::any_of(sinks.begin(), sinks.end(), [&](plan::NodeId sink) {
    return writes_stdout(plan.tables[std::get<plan::Sink>(plan.nodes[sink].kind).table]);
  });
}

ScriptOutcome fail_with(const Error& error, std::string_view text, const ScriptOptions& options,
                        std::ostream& err) {
  if (error.offset) {
    err << sql::format_error(text, options.file_name, error) << '\n';
  } else {
    err << error_line(error) << '\n';
  }
  err.flush();
  return {kFailed, std::nullopt};
}

/// Everything that EXPLAIN prints comes before the first row.
Status print_explains(const sql::Script& script, std::ostream& out) {
  for (const auto& text : script.explanations) {
    out << text;
    if (!text.empty() && text.back() != '\n') out << '\n';
  }
  if (!out.flush()) return fail(ErrorCode::Io, "cannot write to standard output");
  return {};
}

std::string path_of(const plan::TableDefinition& table) {
  const auto* path = plan::find_option(table.options, "path");
  return table.connector == "file" && path != nullptr && path->text() != "-" ? path->text() : std::string();
}

/// Opening a sink empties its file, so a script must not read the file that it writes.
Status check_files(const plan::Plan& plan) {
  std::vector<const plan::TableDefinition*> read;
  for (const plan::Node& node : plan.nodes) {
    if (const auto* scan = std::get_if<plan::Scan>(&node.kind)) read.push_back(&plan.tables[scan->table]);
  }
  for (const plan::NodeId sink : plan.sinks()) {
    const plan::TableDefinition& written = plan.tables[std::get<plan::Sink>(plan.nodes[sink].kind).table];
    const std::string target = path_of(written);
    for (const plan::TableDefinition* source : read) {
      std::error_code ignored;
      const std::string path = path_of(*source);
      if (target.empty() || path.empty() || !std::filesystem::equivalent(path, target, ignored)) continue;
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("table \"{}\" writes the file that table \"{}\" reads: '{}'", written.name,
                              source->name, target),
                  std::nullopt, "write to another file");
    }
  }
  return {};
}

/// Rows that were left out do not pass in silence, also without --stats.
void note_left_out_rows(const runtime::RunReport& report, std::ostream& err) {
  std::map<std::string, std::uint64_t> errors;
  std::uint64_t late = 0;
  for (const auto& instance : report.instances) {
    for (const auto& op : instance.operators) {
      late += op.counters.late;
      for (const auto& [reason, rows] : op.counters.errors) errors[reason] += rows;
    }
  }
  if (late > 0)
    err << fmt::format("note: {} late row{}, handled as the table's `late` says\n", late,
                       late == 1 ? "" : "s");
  for (const auto& [reason, rows] : errors) {
    err << fmt::format("note: {} row{} left out: {} (--stats says where)\n", rows, rows == 1 ? "" : "s",
                       reason);
  }
}

}  // namespace

std::string error_line(const Error& error) {
  return error.hint.empty() ? "error: " + error.message
                            : fmt::format("error: {}; {}", error.message, error.hint);
}

ScriptOutcome run_script(std::string_view text, const ScriptOptions& options,
                         engine::ConnectorFactory& connectors, runtime::StopSignal& stop, std::ostream& out,
                         std::ostream& err) {
  auto script = sql::compile(text, options.variables, connectors::catalogue());
  if (!script) return fail_with(script.error(), text, options, err);
  for (const std::uint32_t table : script->printed) choose_format(script->plan.tables[table], options.output);
  if (const auto printed = print_explains(*script, out); !printed) {
    return fail_with(printed.error(), text, options, err);
  }
  if (script->plan.sinks().empty()) {
    if (script->explanations.empty()) err << "nothing to do: the script has no SELECT, INSERT or EXPLAIN\n";
    return {};
  }
  if (const Status files = check_files(script->plan); !files)
    return fail_with(files.error(), text, options, err);
  auto report = runtime::run_plan(script->plan, connectors, options.run, stop);
  if (!report) return fail_with(report.error(), text, options, err);

  ScriptOutcome outcome;
  if (report->failure) outcome = fail_with(*report->failure, text, options, err);
  if (options.stats) {
    const RunStats stats{options.file_name, options.run, *report, peak_rss_bytes()};
    if (options.output == OutputFormat::Json) {
      (writes_stdout(script->plan) ? err : out) << stats_json(stats) << std::flush;
    } else {
      err << stats_text(stats) << std::flush;
    }
  } else {
    note_left_out_rows(*report, err);
  }
  outcome.report = std::move(*report);
  return outcome;
}

}  // namespace dart::apps
