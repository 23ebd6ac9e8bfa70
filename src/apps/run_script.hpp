#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/connector.hpp"
#include "runtime/query_runner.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

/// How rows of a plain SELECT, and --stats, are written.
enum class OutputFormat : std::uint8_t { Table, Json, Csv };

struct ScriptOptions {
  std::string file_name;  ///< for messages
  std::map<std::string, std::string> variables;
  runtime::RunSettings run;
  OutputFormat output = OutputFormat::Table;
  bool stats = false;
};

struct ScriptOutcome {
  int exit_code = 0;                         ///< 0, or 1 when anything failed
  std::optional<runtime::RunReport> report;  ///< when something ran
};

/// Compiles a script, prints what its EXPLAINs ask for to `out`, then runs its queries until bounded sources
/// end or `stop` is requested. Errors go to `err`. Rows go where the tables' connectors say (the process's
/// stdout for a plain SELECT). Statistics go to `err`; as JSON to `out` when no query writes to the process's
/// stdout.
ScriptOutcome run_script(std::string_view text, const ScriptOptions& options,
                         engine::ConnectorFactory& connectors, runtime::StopSignal& stop, std::ostream& out,
                         std::ostream& err);

/// "error: what; what to do about it", without a line break at the end.
[[nodiscard]] std::string error_line(const Error& error);

}  // namespace dart::apps
