#include "apps/ring_command.hpp"

#include <fmt/format.h>

#include <iostream>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "apps/run_script.hpp"
#include "apps/text_table.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

/// Longer than a node looks for the root of a key.
constexpr std::int64_t kPatienceS = 200;
constexpr std::size_t kShownDigits = 8;

Result<std::string> ask(const std::string& http, const std::string& target) {
  DART_TRY(auto response, api::http_get(http, target, kPatienceS));
  if (response.status == 200) return std::move(response.body);
  const auto body = Json::parse(response.body, nullptr, false);
  if (!body.is_object())
    return fail(ErrorCode::Io, fmt::format("the node at {} said {}", http, response.status));
  return fail(ErrorCode::NotFound, body.value("error", "no reason given"), std::nullopt,
              body.value("hint", ""));
}

std::string milliseconds(const Json& us) {
  return us.is_number() ? fmt::format("{:.2f} ms", us.get<double>() / 1000) : "-";
}

/// What may happen to the nodes without harm to firm records.
std::string losses(const Json& survives) {
  if (!survives.is_number_unsigned()) return "this node does not know who keeps firm records\n";
  const auto number = survives.get<std::size_t>();
  if (number == 0) return "firm records survive no loss: with any of their nodes gone, decisions pause\n";
  return fmt::format("firm records survive the loss of {} node{} at once\n", number, number == 1 ? "" : "s");
}

Status print_nodes(const std::string& http, bool json) {
  DART_TRY(const auto text, ask(http, "/v1/nodes"));
  if (json) {
    std::cout << text;
    return {};
  }
  const auto body = Json::parse(text, nullptr, false);
  if (!body.is_object() || !body["nodes"].is_array())
    return fail(ErrorCode::Data, "that is no list of nodes");
  TextTable table({"node", "endpoint", "incarnation", "relation", "round trip"});
  for (const auto& node : body["nodes"]) {
    table.add_row({node.value("node", "").substr(0, kShownDigits), node.value("endpoint", ""),
                   fmt::format("{}", node.value("incarnation", 0U)), node.value("relation", ""),
                   milliseconds(node["round_trip_us"])});
  }
  std::cout << table.text() << losses(body["survives"]);
  return {};
}

Status print_stats(const std::string& http, bool json) {
  DART_TRY(const auto text, ask(http, "/v1/ring?stats=1"));
  if (json) {
    std::cout << text;
    return {};
  }
  const auto body = Json::parse(text, nullptr, false);
  if (!body.is_object() || !body["counters"].is_object())
    return fail(ErrorCode::Data, "that is no list of counters");
  const auto nodes = body.value("nodes", std::uint64_t{0});
  TextTable table({"counter", fmt::format("of {} node{}", nodes, nodes == 1 ? "" : "s")});
  for (const auto& [name, value] : body["counters"].items()) table.add_row({name, value.dump()});
  std::cout << table.text();
  return {};
}

Status print_labelled(const std::string& http, const std::string& label, bool json) {
  DART_TRY(const auto text, ask(http, "/v1/nodes?label=" + api::percent_encoded(label)));
  if (json) {
    std::cout << text;
    return {};
  }
  const auto body = Json::parse(text, nullptr, false);
  if (!body.is_object() || !body["nodes"].is_array())
    return fail(ErrorCode::Data, "that is no list of nodes");
  for (const auto& node : body["nodes"]) std::cout << node.get<std::string>() << '\n';
  const auto count = body.value("count", std::uint64_t{0});
  if (count > body["nodes"].size()) std::cout << fmt::format("{} in all\n", count);
  return {};
}

Status print_route(const std::string& http, const std::string& key, bool json) {
  DART_TRY(const auto text, ask(http, "/v1/route?key=" + api::percent_encoded(key)));
  if (json) {
    std::cout << text;
    return {};
  }
  const auto body = Json::parse(text, nullptr, false);
  if (!body.is_object() || !body["path"].is_array()) return fail(ErrorCode::Data, "that is no path");
  TextTable table({"hop", "node", "endpoint"});
  std::size_t hop = 0;
  for (const auto& step : body["path"]) {
    table.add_row({fmt::format("{}", hop++), step.value("node", ""), step.value("endpoint", "")});
  }
  std::cout << fmt::format("key {}, {} hops, {}\n", body.value("key", ""), body.value("hops", 0U),
                           milliseconds(body["round_trip_us"]))
            << table.text();
  return {};
}

int finish(const Status& status) {
  if (status) return std::cout.flush() ? 0 : 1;
  std::cerr << error_line(status.error()) << '\n';
  return 1;
}

}  // namespace

int ring_ls_command(const std::string& http, bool json) { return finish(print_nodes(http, json)); }

int ring_stats_command(const std::string& http, bool json) { return finish(print_stats(http, json)); }

int ring_label_command(const std::string& http, const std::string& label, bool json) {
  return finish(print_labelled(http, label, json));
}

int ring_route_command(const std::string& http, const std::string& key, bool json) {
  return finish(print_route(http, key, json));
}

}  // namespace dart::apps
