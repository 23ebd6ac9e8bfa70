#include "api/ring_api.hpp"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "api/query.hpp"
#include "directory/tree/message.hpp"

namespace dart::api {

namespace {

using Json = nlohmann::ordered_json;

const char* phase_text(overlay::Phase phase) {
  switch (phase) {
    case overlay::Phase::Idle:
      return "idle";
    case overlay::Phase::Joining:
      return "joining";
    case overlay::Phase::Member:
      return "member";
    case overlay::Phase::Gone:
      return "gone";
  }
  return "unknown";
}

Json ids_of(const std::vector<overlay::Contact>& contacts) {
  Json ids = Json::array();
  for (const auto& contact : contacts) ids.push_back(contact.node.id.text());
  return ids;
}

}  // namespace

void RingApi::add_to(Router& router) {
  router.add(
      {"GET", "/v1/ring", Role::Viewer, {"stats"}, {200, 503}, [this](const Call& call, const Done& done) {
         field_of(call.query, "stats") == "1" ? stats(done) : done(ring());
       }});
  router.add({"GET",
              "/v1/nodes",
              Role::Viewer,
              {"label"},
              {200, 400, 503},
              [this](const Call& call, const Done& done) {
                const auto label = field_of(call.query, "label");
                label ? labelled(*label, done) : done(nodes());
              }});
  router.add({"GET",
              "/v1/route",
              Role::Viewer,
              {"key"},
              {200, 400, 503},
              [this](const Call& call, const Done& done) { route(call.query, done); }});
}

Response RingApi::ring() const {
  const NodeStatus status = port_.status();
  const auto& view = status.view;
  Json endpoints = Json::array();
  for (const auto& endpoint : view.self.endpoints) {
    if (!endpoint.empty()) endpoints.push_back(port_.endpoint_text(endpoint));
  }
  Json counters = Json::object();
  for (const auto& [name, value] : status.counters) counters[name] = value;
  const Json body{{"ring", status.ring},
                  {"node", view.self.id.text()},
                  {"name", status.name},
                  {"endpoints", endpoints},
                  {"incarnation", view.self.incarnation},
                  {"phase", phase_text(view.phase)},
                  {"joined", view.joined},
                  {"ready", view.ready},
                  {"profile", status.profile},
                  {"secure", status.secure},
                  {"feature_level", view.feature_level},
                  {"uptime_us", status.uptime_us},
                  {"survives", status.survives ? Json(*status.survives) : Json(nullptr)},
                  {"left", ids_of(view.left)},
                  {"right", ids_of(view.right)},
                  {"table_entries", view.table.size()},
                  {"table_rows", view.table_rows},
                  {"counters", counters}};
  return {200, body.dump()};
}

Response RingApi::nodes() const {
  const NodeStatus status = port_.status();
  const auto& view = status.view;
  Json all = Json::array();
  std::vector<NodeId> listed;
  const auto add = [&](const overlay::NodeHandle& node, const char* relation,
                       std::optional<std::int64_t> rtt_us) {
    if (std::find(listed.begin(), listed.end(), node.id) != listed.end()) return;
    listed.push_back(node.id);
    Json one{{"node", node.id.text()},
             {"endpoint", port_.endpoint_text(node.endpoints[0])},
             {"incarnation", node.incarnation},
             {"relation", relation}};
    one["round_trip_us"] = rtt_us ? Json(*rtt_us) : Json(nullptr);
    all.push_back(std::move(one));
  };
  const auto estimate = [&](const overlay::Contact& contact) -> std::optional<std::int64_t> {
    if (!view.coordinate.known() || !contact.coordinate.known()) return std::nullopt;
    return view.coordinate.round_trip(contact.coordinate).us;
  };
  add(view.self, "self", 0);
  for (const auto& contact : view.right) add(contact.node, "right", estimate(contact));
  for (const auto& contact : view.left) add(contact.node, "left", estimate(contact));
  for (const auto& contact : view.table) add(contact.node, "table", estimate(contact));
  const Json survives = status.survives ? Json(*status.survives) : Json(nullptr);
  return {200, Json{{"ring", status.ring}, {"survives", survives}, {"nodes", all}}.dump()};
}

void RingApi::stats(const Done& done) {
  const std::string ring = port_.status().ring;
  const auto answer = [ring, done](const Result<GroupTotal>& total) {
    if (!total) return done(error_response(503, total.error().message, total.error().hint));
    Json counters = Json::object();
    for (const auto& [name, value] : total->counters) counters[name] = value;
    done({200, Json{{"ring", ring}, {"nodes", total->members}, {"counters", counters}}.dump()});
  };
  port_.total(std::string(directory::tree::kRingGroup), answer);
}

void RingApi::labelled(const std::string& label, const Done& done) {
  const auto equals = label.find('=');
  if (equals == 0 || equals == std::string::npos) {
    return done(error_response(400, "a label is a name, = and a value", "/v1/nodes?label=zone=eu"));
  }
  const auto answer = [label, done](const Result<GroupTotal>& total) {
    if (!total) return done(error_response(503, total.error().message, total.error().hint));
    Json nodes = Json::array();
    for (const auto& one : total->counters) nodes.push_back(one.first);
    done({200, Json{{"label", label}, {"count", total->members}, {"nodes", nodes}}.dump()});
  };
  port_.total(directory::tree::label_group(label), answer);
}

void RingApi::route(const std::string& query, const Done& done) {
  const auto words = field_of(query, "key");
  if (!words || words->empty()) return done(error_response(400, "no key", "/v1/route?key=K"));
  const auto id = NodeId::parse(*words);
  const Key key = id ? *id : port_.key_of(*words);
  port_.route(key, [key, done](Result<RoutePath> result) {
    if (!result) return done(error_response(503, result.error().message, result.error().hint));
    Json path = Json::array();
    for (const auto& step : result->steps) path.push_back({{"node", step.id}, {"endpoint", step.endpoint}});
    const Json body{{"key", key.text()},
                    {"root", result->steps.empty() ? Json(nullptr) : Json(result->steps.back().id)},
                    {"hops", result->steps.empty() ? 0 : result->steps.size() - 1},
                    {"round_trip_us", result->round_trip_us},
                    {"path", path}};
    done({200, body.dump()});
  });
}

}  // namespace dart::api
