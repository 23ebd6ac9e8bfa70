#include "apps/shared_flags.hpp"

#include <CLI/CLI.hpp>

namespace dart::apps {

void add_output(CLI::App& command, std::string& output) {
  command.add_option("-o,--output", output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void add_variables(CLI::App& command, std::vector<std::string>& words) {
  command.add_option("-v,--variable", words, "psql variable: :name and :'name' in the file stand for value")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

std::map<std::string, std::string> parse_variables(const std::vector<std::string>& words) {
  std::map<std::string, std::string> variables;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw CLI::ValidationError("-v", "expected name=value, got '" + word + "'");
    }
    variables[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return variables;
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
