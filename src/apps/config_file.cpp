#include "apps/config_file.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

#include <CLI/CLI.hpp>
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "runtime/file_io.hpp"

namespace dart::apps {

namespace {

constexpr std::size_t kFileBytes = 1U << 20;
constexpr const char* kConfig = "config";
constexpr const char* kHelp = "help";

/// What a file says of one option, and where.
struct Entry {
  std::vector<std::string> values;
  std::size_t line = 0;
};

tl::unexpected<Error> wrong(const std::string& file, std::size_t line, const std::string& what) {
  return fail(ErrorCode::InvalidArgument, fmt::format("{}:{}: {}", file, line, what), std::nullopt,
              "keys are the long flags of the command, see --help");
}

/// As it would stand on a command line; nothing for tables and times.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return std::nullopt;
}

Result<std::map<std::string, Entry>> read_entries(const std::string& file) {
  std::map<std::string, Entry> entries;
  if (file.empty()) return entries;
  DART_TRY(const auto text, runtime::read_file(file, kFileBytes));
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed)
    return wrong(file, parsed.error().source().begin.line, std::string(parsed.error().description()));
  for (const auto& [key, node] : parsed.table()) {
    Entry entry{{}, node.source().begin.line};
    const auto add = [&](const toml::node& value) {
      auto words = text_of(value);
      if (words) entry.values.push_back(*std::move(words));
      return words.has_value();
    };
    bool fits = true;
    if (const auto* list = node.as_array()) {
      for (const auto& value : *list) fits = add(value) && fits;
    } else {
      fits = add(node);
    }
    if (!fits) return wrong(file, entry.line, fmt::format("{} is no value", std::string_view(key.str())));
    entries[std::string(key.str())] = std::move(entry);
  }
  return entries;
}

/// DART_LEND_DISK for --lend-disk.
std::string variable_of(const std::string& flag) {
  std::string name = "DART_";
  for (const char c : flag) {
    name.push_back(c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return name;
}

std::vector<std::string> split(const std::string& words) {
  std::vector<std::string> parts;
  std::istringstream stream(words);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

/// The checks of the command line hold for these values, too. A message when they do not fit.
std::optional<std::string> give(CLI::Option& option, const std::vector<std::string>& values) {
  const bool several = option.get_expected_max() > 1;
  if (!several && values.size() != 1) return "takes one value";
  try {
    option.add_result(values);
    option.run_callback();
    return std::nullopt;
  } catch (const CLI::Error& error) {
    return error.what();
  }
}

}  // namespace

void add_config(CLI::App& command, std::string& file) {
  command
      .add_option("--config", file,
                  "TOML file with flags as keys; the environment (DART_DATA for --data) wins over it, flags "
                  "over both")
      ->type_name("FILE");
}

Status apply_config(CLI::App& command, const std::string& file) {
  const char* const elsewhere = std::getenv("DART_CONFIG");
  const std::string path = file.empty() && elsewhere != nullptr ? elsewhere : file;
  DART_TRY(auto entries, read_entries(path));
  for (CLI::Option* const option : command.get_options()) {
    const std::string name = option->get_lnames().empty() ? "" : option->get_lnames().front();
    if (name.empty() || name == kConfig || name == kHelp) continue;
    const auto entry = entries.extract(name);
    if (option->count() > 0) continue;
    const std::string variable = variable_of(name);
    if (const char* const words = std::getenv(variable.c_str()); words != nullptr && *words != '\0') {
      const bool several = option->get_expected_max() > 1;
      const auto why = give(*option, several ? split(words) : std::vector<std::string>{words});
      if (why) return fail(ErrorCode::InvalidArgument, fmt::format("{}={}: {}", variable, words, *why));
    } else if (!entry.empty()) {
      const auto why = give(*option, entry.mapped().values);
      if (why) return wrong(path, entry.mapped().line, fmt::format("{}: {}", name, *why));
    }
  }
  if (entries.empty()) return {};
  return wrong(path, entries.begin()->second.line,
               fmt::format("there is no flag --{}", entries.begin()->first));
}

}  // namespace dart::apps
