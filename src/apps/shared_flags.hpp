#pragma once

#include <string>

#include "directory/config.hpp"
#include "overlay/config.hpp"

namespace CLI {
class App;
}

namespace dart::apps {

/// `-o table|json`; the value of `output` is the default.
void add_output(CLI::App& command, std::string& output);
/// `--profile lan|quiet`; the value of `profile` is the default.
void add_profile(CLI::App& command, std::string& profile);
/// The timing that `--profile` names.
[[nodiscard]] overlay::Config profile_of(const std::string& name);

/// The same of firm records.
[[nodiscard]] directory::Config directory_config_of(const std::string& name);

}  // namespace dart::apps
