#include "apps/query_command.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "apps/text_table.hpp"
#include "base/limits.hpp"
#include "runtime/file_io.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kFileBytes = 1U << 20;
constexpr std::size_t kShownDigits = 8;

std::string path_of(const QueryOptions& options, const char* more = "") {
  return "/v1/queries/" + api::percent_encoded(options.name) + more;
}

/// A script, with the file's name for messages and for a default name.
Result<Json> submission_of(const QueryOptions& options) {
  Json body{{"variables", options.variables},
            {"policy", options.policy},
            {"partitions", options.partitions},
            {"on_partition", options.on_partition}};
  if (!options.name.empty()) body["name"] = options.name;
  if (options.file == "-") {
    body["sql"] = std::string(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    DART_TRY(body["sql"], runtime::read_file(options.file, kFileBytes));
    body["file_name"] = std::filesystem::path(options.file).filename().string();
  }
  return body;
}

std::string text_of(const Json& body) { return body.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Asks, and prints the answer when it is wanted as JSON.
Result<Json> ask(const QueryOptions& options, api::Request request) {
  DART_TRY(const auto text, ask_text(options.access, std::move(request)));
  auto body = Json::parse(text, nullptr, false);
  if (!body.is_object()) return fail(ErrorCode::Data, "that is no answer of a node");
  if (options.json) std::cout << text;
  return body;
}

std::string number_of(const Json& body, const char* field) {
  return fmt::format("{}", body.value(field, std::uint64_t{0}));
}

void print_instances(const Json& body) {
  const auto instances = body.value("instances", Json::array());
  if (instances.empty()) return;
  TextTable table({"stage", "number", "host", "endpoint"});
  for (const auto& one : instances) {
    const bool away = one.value("away", false);
    table.add_row({one.value("stage", ""), number_of(one, "number"),
                   one.value("host", "").substr(0, kShownDigits),
                   away ? "away" : one.value("host_name", "")});
  }
  std::cout << table.text();
}

void print_notes(const Json& body) {
  for (const auto& note : body.value("notes", Json::array())) {
    if (note.is_string()) std::cout << note.get<std::string>() << '\n';
  }
}

void print_outcome(const Json& body, const char* done) {
  const auto name = body.value("name", "");
  if (!name.empty()) {
    std::cout << (body.value("changed", false)
                      ? fmt::format("{} {}, epoch {}\n", name, done, number_of(body, "epoch"))
                      : fmt::format("{} is so already\n", name));
  }
  print_notes(body);
  print_instances(body);
}

Status submit(const QueryOptions& options) {
  DART_TRY(const auto submission, submission_of(options));
  DART_TRY(const auto body, ask(options, {"POST", "/v1/queries", text_of(submission)}));
  if (!options.json) print_outcome(body, "submitted");
  return {};
}

/// Without a name, the node says which one the script has.
Status update(const QueryOptions& given) {
  DART_TRY(auto submission, submission_of(given));
  QueryOptions options = given;
  if (options.name.empty()) {
    DART_TRY(const auto named, ask_json(options.access, {"POST", "/v1/queries/lint", text_of(submission)}));
    options.name = named.value("name", "");
    if (options.name.empty()) {
      return fail(ErrorCode::InvalidArgument, "the script has no query to update", std::nullopt,
                  "submit statements of the catalogue with `dart query submit`");
    }
    submission["name"] = options.name;
  }
  DART_TRY(const auto body, ask(options, {"PUT", path_of(options), text_of(submission)}));
  if (!options.json) print_outcome(body, "updated");
  return {};
}

Status explain(const QueryOptions& options) {
  DART_TRY(const auto submission, submission_of(options));
  DART_TRY(const auto body, ask(options, {"POST", "/v1/queries/explain", text_of(submission)}));
  if (options.json) return {};
  print_instances(body);
  print_notes(body);
  return {};
}

Status lint(const QueryOptions& options) {
  DART_TRY(const auto submission, submission_of(options));
  DART_TRY(const auto body, ask(options, {"POST", "/v1/queries/lint", text_of(submission)}));
  if (options.json) return {};
  const auto name = body.value("name", "");
  std::cout << (name.empty() ? "no query" : "query " + name) << ": nothing wrong\n";
  print_notes(body);
  return {};
}

Status test(const QueryOptions& options) {
  DART_TRY(auto submission, submission_of(options));
  for (const char* field : {"policy", "partitions", "on_partition"}) submission.erase(field);
  submission["input"] = Json::object();
  for (const auto& [table, file] : options.input) {
    DART_TRY(submission["input"][table], runtime::read_file(file, kFileBytes));
  }
  DART_TRY(submission["expected"], runtime::read_file(options.expect, kFileBytes));
  DART_TRY(const auto body, ask(options, {"POST", "/v1/queries/test", text_of(submission)}));
  const auto difference = body.value("difference", Json::array());
  if (!options.json) {
    for (const auto& line : difference) std::cout << line.get<std::string>() << '\n';
  }
  if (!body.value("passed", false)) {
    return fail(ErrorCode::Data, fmt::format("the rows are not those of {}", options.expect), std::nullopt,
                "- was expected, + came");
  }
  if (!options.json) std::cout << "passed\n";
  return {};
}

Status list(const QueryOptions& options) {
  DART_TRY(const auto body, ask(options, {"GET", "/v1/queries", {}}));
  if (options.json) return {};
  TextTable table({"name", "state", "epoch", "run", "instances", "policy", "scheduler"});
  for (const auto& one : body.value("queries", Json::array())) {
    table.add_row({one.value("name", ""), one.value("state", ""), number_of(one, "epoch"),
                   number_of(one, "run"), fmt::format("{}", one.value("instances", Json::array()).size()),
                   one.value("policy", ""), one.value("scheduler", "").substr(0, kShownDigits)});
  }
  std::cout << table.text();
  return {};
}

std::string time_text(std::int64_t at_us) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(at_us / 1'000'000)));
}

Status show(const QueryOptions& options) {
  DART_TRY(const auto body, ask(options, {"GET", path_of(options), {}}));
  if (options.json) return {};
  for (const char* field : {"name", "state", "epoch", "run", "policy", "scheduler"}) {
    const auto value = body.value(field, Json());
    std::cout << fmt::format("{:<10} {}\n", field,
                             value.is_string() ? value.get<std::string>() : value.dump());
  }
  print_instances(body);
  for (const auto& event : body.value("history", Json::array())) {
    std::cout << fmt::format("{}  epoch {}  {}\n", time_text(event.value("at_us", std::int64_t{0})),
                             number_of(event, "epoch"), event.value("what", ""));
  }
  std::cout << body.value("text", "") << '\n';
  return {};
}

Status change(const QueryOptions& options, api::Request request, const char* done) {
  DART_TRY(const auto body, ask(options, std::move(request)));
  if (!options.json) print_outcome(body, done);
  return {};
}

Status pause(const QueryOptions& options) {
  return change(options, {"POST", path_of(options, "/pause"), {}}, "paused");
}
Status resume(const QueryOptions& options) {
  return change(options, {"POST", path_of(options, "/resume"), {}}, "resumed");
}
Status drop(const QueryOptions& options) {
  return change(options, {"DELETE", path_of(options), {}}, "dropped");
}

int run(Status (*command)(const QueryOptions&), const QueryOptions& options) {
  runtime::ignore_broken_pipes();
  return finish(command(options));
}

}  // namespace

int query_submit_command(const QueryOptions& options) { return run(submit, options); }
int query_update_command(const QueryOptions& options) { return run(update, options); }
int query_explain_command(const QueryOptions& options) { return run(explain, options); }
int query_lint_command(const QueryOptions& options) { return run(lint, options); }
int query_test_command(const QueryOptions& options) { return run(test, options); }
int query_ls_command(const QueryOptions& options) { return run(list, options); }
int query_show_command(const QueryOptions& options) { return run(show, options); }
int query_pause_command(const QueryOptions& options) { return run(pause, options); }
int query_resume_command(const QueryOptions& options) { return run(resume, options); }
int query_drop_command(const QueryOptions& options) { return run(drop, options); }

}  // namespace dart::apps
