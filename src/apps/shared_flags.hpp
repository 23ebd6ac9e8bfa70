#pragma once

#include <map>
#include <string>
#include <vector>

#include "directory/config.hpp"
#include "overlay/config.hpp"

namespace CLI {
class App;
}

namespace dart::apps {

/// `-o table|json`; the value of `output` is the default.
void add_output(CLI::App& command, std::string& output);
/// `-v NAME=VALUE`, as often as wanted.
void add_variables(CLI::App& command, std::vector<std::string>& words);
/// What `-v` gave; throws CLI::ValidationError for a word without '='.
[[nodiscard]] std::map<std::string, std::string> parse_variables(const std::vector<std::string>& words);
/// `--profile lan|quiet`; the value of `profile` is the default.
void add_profile(CLI::App& command, std::string& profile);
/// The timing that `--profile` names.
[[nodiscard]] overlay::Config profile_of(const std::string& name);

/// The same of firm records.
[[nodiscard]] directory::Config directory_config_of(const std::string& name);

}  // namespace dart::apps
