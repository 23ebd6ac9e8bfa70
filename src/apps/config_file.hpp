#pragma once

#include <string>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace dart::apps {

/// `--config FILE` of a command.
void add_config(CLI::App& command, std::string& file);

/// Gives the options of a parsed command that stand on no command line what the environment (DART_DATA for
/// --data; several values with commas between them) or else the TOML file says; its keys are the long flags.
/// The Error names the variable, or the file and the line.
[[nodiscard]] Status apply_config(CLI::App& command, const std::string& file);

}  // namespace dart::apps
