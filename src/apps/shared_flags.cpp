#include "apps/shared_flags.hpp"

#include <CLI/CLI.hpp>

namespace dart::apps {

void add_output(CLI::App& command, std::string& output) {
  command.add_option("-o,--output", output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void add_profile(CLI::App& command, std::string& profile) {
  command.add_option("--profile", profile, "lan: deaths are known in 2 s; quiet: for metered links")
      ->check(CLI::IsMember({"lan", "quiet"}))
      ->capture_default_str();
}

overlay::Config profile_of(const std::string& name) {
  return name == "quiet" ? overlay::quiet_profile() : overlay::lan_profile();
}

directory::Config directory_config_of(const std::string& name) {
  return name == "quiet" ? directory::quiet_config() : directory::Config{};
}

}  // namespace dart::apps
