#pragma once

#include <string>

#include "apps/run_script.hpp"
#include "base/result.hpp"

namespace dart::apps {

/// `dart run`: reads the file (`-`: standard input), runs it with the connectors of this binary, in this
/// process. SIGINT and SIGTERM end the sources early and in order. Returns the exit code.
int run_command(const std::string& path, ScriptOptions options);

/// A whole SQL file as text, `-` is standard input. The Error names the file.
[[nodiscard]] Result<std::string> read_script(const std::string& path);

}  // namespace dart::apps
