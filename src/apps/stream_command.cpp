#include "apps/stream_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kEvent = "event: ";
constexpr std::string_view kData = "data: ";
constexpr int kInterruptedExit = 130;

/// Puts events together from their lines, and prints them.
class TailPrinter {
 public:
  explicit TailPrinter(const TailOptions& options) : options_(options) {}

  /// Whether more is wanted.
  bool take(std::string_view line) {
    if (line.starts_with(kEvent)) event_ = line.substr(kEvent.size());
    if (line.starts_with(kData)) return print(line.substr(kData.size())) && std::cout.good();
    return true;
  }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  bool print(std::string_view data) {
    const auto body = Json::parse(data, nullptr, false);
    if (!body.is_object()) {
      failure_ = Error{ErrorCode::Data, "that is no event of a node", std::nullopt, ""};
      return false;
    }
    if (event_ == "idle") return options_.follow;
    if (event_ == "end") {
      if (body.contains("error")) {
        failure_ = Error{ErrorCode::Io, body.value("error", ""), std::nullopt, body.value("hint", "")};
      }
      return false;
    }
    if (options_.json) {
      std::cout << Json{{"event", event_}, {"data", body}}.dump() << std::endl;
    } else if (event_ == "rows") {
      print_rows(body);
    } else if (event_ == "missed") {
      std::cerr << fmt::format("note: {} rows were forgotten before they could be shown\n",
                               body.value("rows", std::uint64_t{0}));
    }
    return true;
  }

  void print_rows(const Json& body) {
    const auto run = body.value("run", std::uint64_t{0});
    if (run_ && *run_ != run) {
      std::cerr << fmt::format("note: run {} begins: the rows come again from the beginning\n", run);
    }
    run_ = run;
    for (const auto& line : body.value("lines", Json::array())) {
      if (line.is_string()) std::cout << line.get<std::string>() << '\n';
    }
    std::cout.flush();
  }

  const TailOptions& options_;
  std::string event_;
  std::optional<std::uint64_t> run_;
  std::optional<Error> failure_;
};

Status tail(const TailOptions& options) {
  DART_TRY(auto client, connect(options.access));
  TailPrinter printer(options);
  DART_TRY(const auto response, client.stream("/v1/streams/" + api::percent_encoded(options.name),
                                              [&](std::string_view line) { return printer.take(line); }));
  if (response.status != 200) return tl::unexpected(refusal_of(options.access, response));
  if (printer.failure()) return tl::unexpected(*printer.failure());
  return {};
}

}  // namespace

int stream_tail_command(const TailOptions& options) {
  runtime::ignore_broken_pipes();
  std::signal(SIGINT, [](int) { _exit(kInterruptedExit); });
  return finish(tail(options));
}

}  // namespace dart::apps
