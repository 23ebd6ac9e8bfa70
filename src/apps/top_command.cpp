#include "apps/top_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "apps/text_table.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownDigits = 8;
/// To the upper left corner, and everything behind it away.
constexpr const char* kClear = "\x1b[H\x1b[J";

struct Picture {
  Json ring;
  Json nodes;
  Json queries;
};

Result<Picture> look(const ApiAccess& access) {
  Picture picture;
  DART_TRY(picture.ring, ask_json(access, {"GET", "/v1/ring", {}}));
  DART_TRY(const auto nodes, ask_json(access, {"GET", "/v1/nodes", {}}));
  DART_TRY(const auto queries, ask_json(access, {"GET", "/v1/queries", {}}));
  picture.nodes = nodes.value("nodes", Json::array());
  picture.queries = queries.value("queries", Json::array());
  return picture;
}

std::string milliseconds(const Json& us) {
  return us.is_number() ? fmt::format("{:.2f} ms", us.get<double>() / 1000) : "-";
}

/// Instances by node id.
std::map<std::string, std::size_t> instances_of(const Json& queries) {
  std::map<std::string, std::size_t> counts;
  for (const auto& query : queries) {
    for (const auto& one : query.value("instances", Json::array())) {
      if (!one.value("away", false)) ++counts[one.value("host", "")];
    }
  }
  return counts;
}

std::string text_of(const Picture& picture) {
  auto instances = instances_of(picture.queries);
  TextTable nodes({"node", "endpoint", "relation", "round trip", "instances"});
  for (const auto& node : picture.nodes) {
    const auto id = node.value("node", "");
    nodes.add_row({id.substr(0, kShownDigits), node.value("endpoint", ""), node.value("relation", ""),
                   milliseconds(node.value("round_trip_us", Json())), fmt::format("{}", instances[id])});
  }
  TextTable queries({"query", "state", "epoch", "run", "instances", "away", "scheduler"});
  for (const auto& query : picture.queries) {
    const auto all = query.value("instances", Json::array());
    std::size_t away = 0;
    for (const auto& one : all) away += one.value("away", false) ? 1 : 0;
    queries.add_row({query.value("name", ""), query.value("state", ""),
                     fmt::format("{}", query.value("epoch", 0U)), fmt::format("{}", query.value("run", 0U)),
                     fmt::format("{}", all.size()), fmt::format("{}", away),
                     query.value("scheduler", "").substr(0, kShownDigits)});
  }
  return fmt::format("ring {}, {} queries\n\n{}\n{}", picture.ring.value("ring", "").substr(0, kShownDigits),
                     picture.queries.size(), nodes.text(), queries.text());
}

Status top(const TopOptions& options) {
  const bool once = options.once || options.json || isatty(STDOUT_FILENO) == 0;
  while (true) {
    DART_TRY(const auto picture, look(options.access));
    if (options.json) {
      std::cout << Json{{"ring", picture.ring}, {"nodes", picture.nodes}, {"queries", picture.queries}}.dump()
                << std::endl;
    } else {
      std::cout << (once ? "" : kClear) << text_of(picture) << std::flush;
    }
    if (once || !std::cout) return {};
    std::this_thread::sleep_for(std::chrono::duration<double>(options.every_s));
  }
}

}  // namespace

int top_command(const TopOptions& options) {
  runtime::ignore_broken_pipes();
  return finish(top(options));
}

}  // namespace dart::apps
