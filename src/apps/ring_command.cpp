#include "apps/ring_command.hpp"

#include <fmt/format.h>

#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/text_table.hpp"

namespace dart::apps {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownDigits = 8;

Result<std::string> ask(const ApiAccess& access, const std::string& target) {
  return ask_text(access, {"GET", target, {}});
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

Status print_nodes(const ApiAccess& access, bool json) {
  DART_TRY(const auto text, ask(access, "/v1/nodes"));
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

Status print_stats(const ApiAccess& access, bool json) {
  DART_TRY(const auto text, ask(access, "/v1/ring?stats=1"));
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

Status print_labelled(const ApiAccess& access, const std::string& label, bool json) {
  DART_TRY(const auto text, ask(access, "/v1/nodes?label=" + api::percent_encoded(label)));
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

Status print_route(const ApiAccess& access, const std::string& key, bool json) {
  DART_TRY(const auto text, ask(access, "/v1/route?key=" + api::percent_encoded(key)));
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

}  // namespace

int ring_ls_command(const ApiAccess& access, bool json) { return finish(print_nodes(access, json)); }

int ring_stats_command(const ApiAccess& access, bool json) { return finish(print_stats(access, json)); }

int ring_label_command(const ApiAccess& access, const std::string& label, bool json) {
  return finish(print_labelled(access, label, json));
}

int ring_route_command(const ApiAccess& access, const std::string& key, bool json) {
  return finish(print_route(access, key, json));
}

}  // namespace dart::apps
