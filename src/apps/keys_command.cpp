#include "apps/keys_command.hpp"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "api/record_json.hpp"
#include "apps/text_table.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kData = "data: ";

std::string path_of(const KeysOptions& options) {
  const bool soft = options.soft || options.lifetime_s;
  return (soft ? "/v1/soft/" : "/v1/keys/") + api::percent_encoded(options.name);
}

Result<Json> ask(const KeysOptions& options, const api::Request& request) {
  DART_TRY(const auto text, ask_text(options.access, request));
  auto body = Json::parse(text, nullptr, false);
  if (!body.is_object()) return fail(ErrorCode::Data, "that is no answer of a node");
  if (options.json) std::cout << text;
  return body;
}

/// The bytes of a record's value.
std::string value_of(const Json& record) {
  if (record.contains("value")) return record.value("value", "");
  return api::from_base64(record.value("value_base64", "")).value_or("");
}

std::string line_of(const Json& record) {
  const auto version = record.value("version", std::uint64_t{0});
  if (record.value("exists", false)) return fmt::format("{} {}", version, value_of(record));
  return fmt::format("{} {}", version, version == 0 ? "(never written)" : "(deleted)");
}

Status get(const KeysOptions& options) {
  DART_TRY(const auto record, ask(options, {"GET", path_of(options), {}}));
  if (!options.json) std::cout << value_of(record) << '\n';
  return {};
}

Status put(const KeysOptions& options) {
  std::string value = options.value;
  if (value == "-") value.assign(std::istreambuf_iterator<char>(std::cin), {});
  Json body = Json::object();
  if (api::is_utf8(value)) {
    body["value"] = value;
  } else {
    body["value_base64"] = api::to_base64(value);
  }
  if (options.expected) body["expected"] = *options.expected;
  if (options.lifetime_s) body["lifetime_s"] = *options.lifetime_s;
  if (!options.request.empty()) {
    body["request"] = options.request;
    body["again"] = true;
  }
  DART_TRY(const auto record, ask(options, {"PUT", path_of(options), body.dump()}));
  if (!options.json) std::cout << "version " << record.value("version", std::uint64_t{0}) << '\n';
  return {};
}

Status remove(const KeysOptions& options) {
  std::string target = path_of(options) + "?";
  if (options.expected) target += fmt::format("expected={}&", *options.expected);
  if (!options.request.empty()) target += "again=1&request=" + options.request;
  DART_TRY(const auto record, ask(options, {"DELETE", target, {}}));
  if (!options.json) std::cout << "version " << record.value("version", std::uint64_t{0}) << '\n';
  return {};
}

Status watch(const KeysOptions& options) {
  DART_TRY(auto client, connect(options.access));
  std::uint64_t seen = 0;
  const auto take = [&](std::string_view line) {
    if (!line.starts_with(kData)) return true;
    line.remove_prefix(kData.size());
    if (options.json) {
      std::cout << line << std::endl;
    } else {
      std::cout << line_of(Json::parse(line, nullptr, false)) << std::endl;
    }
    return std::cout.good() && ++seen != options.count;
  };
  DART_TRY(const auto response, client.stream(path_of(options) + "?watch=1", take));
  if (response.status != 200) return tl::unexpected(refusal_of(options.access, response));
  return {};
}

Status list(const KeysOptions& options) {
  DART_TRY(const auto body,
           ask(options, {"GET", "/v1/keys?prefix=" + api::percent_encoded(options.prefix), {}}));
  if (options.json) return {};
  TextTable table({"name", "version"});
  for (const auto& one : body.value("names", Json::array())) {
    table.add_row({one.value("name", ""), fmt::format("{}", one.value("version", std::uint64_t{0}))});
  }
  std::cout << table.text();
  if (body.value("more", false)) std::cout << "and more: give a longer prefix\n";
  return {};
}

Status reform(const KeysOptions& options) {
  DART_TRY(const auto counts, ask(options, {"PUT", "/v1/reform", R"({"accept_loss": true})"}));
  if (options.json) return {};
  const auto count = [&](const char* how) { return counts.value(how, 0U); };
  std::cout << fmt::format(
      "of the parts of all names, {} had not lost a majority, {} go on with what was left, {} begin empty\n",
      count("healthy"), count("survived"), count("empty"));
  return {};
}

int run(Status (*command)(const KeysOptions&), const KeysOptions& options) {
  runtime::ignore_broken_pipes();
  return finish(command(options));
}

}  // namespace

int keys_get_command(const KeysOptions& options) { return run(get, options); }
int keys_put_command(const KeysOptions& options) { return run(put, options); }
int keys_remove_command(const KeysOptions& options) { return run(remove, options); }
int keys_watch_command(const KeysOptions& options) { return run(watch, options); }
int keys_list_command(const KeysOptions& options) { return run(list, options); }
int ring_reform_command(const KeysOptions& options) { return run(reform, options); }

}  // namespace dart::apps
