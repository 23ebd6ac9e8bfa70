#include "api/openapi.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "api/node_api.hpp"
#include "unit/api/fake_keys.hpp"
#include "unit/api/fake_queries.hpp"
#include "unit/api/fake_ring.hpp"

namespace dart::api {
namespace {

using Json = nlohmann::json;

std::string committed() {
  std::ifstream file(DART_SOURCE_DIR "/docs/openapi.json");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Method, path, role, fields of the query and statuses, in words that are easy to compare.
std::string line_of(const std::string& method, const std::string& path, const std::string& role,
                    const std::set<std::string>& fields, const std::set<std::string>& statuses) {
  std::string line = method + ' ' + path + " by " + role;
  for (const auto& field : fields) line += " ?" + field;
  for (const auto& status : statuses) line += ' ' + status;
  return line;
}

std::set<std::string> described(const Json& document) {
  std::set<std::string> lines;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::set<std::string> fields;
      std::set<std::string> in_path;
      for (const auto& one : operation.value("parameters", Json::array())) {
        (one["in"] == "query" ? fields : in_path).insert(one["name"].get<std::string>());
      }
      EXPECT_EQ(in_path.empty(), path.find('{') == std::string::npos) << path;
      std::set<std::string> statuses;
      for (const auto& one : operation["responses"].items()) {
        if (one.key() != "default") statuses.insert(one.key());
      }
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      lines.insert(line_of(upper, path, operation["x-role"], fields, statuses));
    }
  }
  return lines;
}

std::set<std::string> served() {
  FakeRing ring;
  FakeKeys keys;
  FakeQueries queries;
  const NodeApi api(ring, keys, queries);
  std::set<std::string> lines;
  for (const auto& route : api.routes()) {
    std::string path(route.path);
    if (const auto star = path.find("*}"); star != std::string::npos) path.erase(star, 1);
    std::set<std::string> statuses;
    for (const unsigned status : route.statuses) statuses.insert(std::to_string(status));
    lines.insert(line_of(std::string(route.method), path, std::string(name_of(route.role)),
                         {route.fields.begin(), route.fields.end()}, statuses));
  }
  EXPECT_EQ(lines.size(), api.routes().size());
  return lines;
}

/// What is wrong with a value, by the schemas of the document; the part of JSON Schema that they use.
std::string what_is_wrong(const Json& document, const Json& schema, const Json& value,
                          const std::string& where) {
  if (schema.contains("$ref")) {
    return what_is_wrong(
        document, document.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))), value, where);
  }
  if (value.is_null()) return schema.value("nullable", false) ? "" : where + " is null";
  for (const auto& part : schema.value("allOf", Json::array())) {
    if (const auto wrong = what_is_wrong(document, part, value, where); !wrong.empty()) return wrong;
  }
  const std::string type = schema.value("type", "");
  const bool fits =
      type.empty() || (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
      (type == "string" && value.is_string()) || (type == "boolean" && value.is_boolean()) ||
      (type == "integer" && value.is_number_integer()) || (type == "number" && value.is_number());
  if (!fits) return where + " is no " + type;
  if (schema.contains("enum") && std::count(schema["enum"].begin(), schema["enum"].end(), value) == 0) {
    return where + " is none of " + schema["enum"].dump();
  }
  for (const auto& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>())) return where + " has no " + name.dump();
  }
  if (schema.contains("properties")) {
    for (const auto& [name, part] : value.items()) {
      if (!schema["properties"].contains(name)) return where + " has an unknown " + name;
      const auto wrong = what_is_wrong(document, schema["properties"][name], part, where + "." + name);
      if (!wrong.empty()) return wrong;
    }
  }
  if (schema.contains("items")) {
    for (const auto& part : value) {
      if (const auto wrong = what_is_wrong(document, schema["items"], part, where + "[]"); !wrong.empty())
        return wrong;
    }
  }
  return "";
}

/// A request of each kind.
struct Asked {
  std::string method, target, path, body;
};

std::vector<Asked> asked_of_all() {
  const std::string query = R"({"name": "q", "sql": "SELECT 1"})";
  return {
      {"POST", "/v1/queries", "", query},
      {"POST", "/v1/queries", "", query},
      {"POST", "/v1/queries", "", R"({"name": "q", "sql": "SELECT 2"})"},
      {"POST", "/v1/queries", "", "{"},
      {"GET", "/v1/queries", "", ""},
      {"GET", "/v1/queries/q", "/v1/queries/{name}", ""},
      {"GET", "/v1/queries/r", "/v1/queries/{name}", ""},
      {"PUT", "/v1/queries/q", "/v1/queries/{name}", query},
      {"POST", "/v1/queries/explain", "", query},
      {"POST", "/v1/queries/lint", "", query},
      {"POST", "/v1/queries/test", "", R"({"sql": "SELECT 1", "expected": ""})"},
      {"POST", "/v1/queries/q/pause", "/v1/queries/{name}/pause", ""},
      {"POST", "/v1/queries/q/resume", "/v1/queries/{name}/resume", ""},
      {"DELETE", "/v1/queries/q", "/v1/queries/{name}", ""},
      {"GET", "/v1/tables", "", ""},
      {"GET", "/v1/views", "", ""},
      {"GET", "/v1/functions", "", ""},
      {"DELETE", "/v1/tables/trips", "/v1/tables/{name}", ""},
      {"DELETE", "/v1/tables/x", "/v1/tables/{name}", ""},
      {"GET", "/v1/operators", "", ""},
      {"GET", "/v1/route?key=a", "/v1/route", ""},
      {"GET", "/v1/route", "/v1/route", ""},
      {"GET", "/v1/keys", "", ""},
      {"PUT", "/v1/keys/a", "/v1/keys/{name}", R"({"value": "x"})"},
      {"PUT", "/v1/keys/a", "/v1/keys/{name}", R"({"value": "x", "expected": 7})"},
      {"GET", "/v1/keys/a", "/v1/keys/{name}", ""},
      {"GET", "/v1/keys/b", "/v1/keys/{name}", ""},
      {"DELETE", "/v1/keys/a", "/v1/keys/{name}", ""},
      {"PUT", "/v1/soft/a", "/v1/soft/{name}", R"({"value": "x", "lifetime_s": 1})"},
      {"GET", "/v1/soft/a", "/v1/soft/{name}", ""},
      {"PUT", "/v1/reform", "", R"({"accept_loss": true})"},
      {"PUT", "/v1/reform", "", "{}"},
  };
}

TEST(OpenApi, TheNodeServesWhatIsCommitted) { EXPECT_EQ(openapi_text(), committed()); }

TEST(OpenApi, DescribesWhatIsServed) { EXPECT_EQ(described(Json::parse(committed())), served()); }

TEST(OpenApi, AnswersHaveTheFieldsThatItSays) {
  const auto document = Json::parse(committed());
  FakeRing ring;
  FakeKeys keys;
  FakeQueries queries;
  const NodeApi api(ring, keys, queries);
  for (const auto& one : asked_of_all()) {
    api.handle({one.method, one.target, one.body}, [&](const Response& response) {
      const std::string path = one.path.empty() ? one.target : one.path;
      std::string method = one.method;
      for (char& c : method) c = static_cast<char>(std::tolower(c));
      const auto& responses = document["paths"][path][method]["responses"];
      const auto status = std::to_string(response.status);
      ASSERT_TRUE(responses.contains(status)) << one.method << ' ' << one.target << " answers " << status;
      const auto& schema = responses[status]["content"]["application/json"]["schema"];
      const auto body = Json::parse(response.body);
      if (!schema.contains("allOf")) {
        EXPECT_EQ(what_is_wrong(document, schema, body, "body"), "")
            << one.method << ' ' << one.target << ' ' << body;
      }
    });
  }
  for (const auto& [target, name] :
       std::map<std::string, std::string>{{"/v1/ring", "Node"},
                                          {"/v1/ring?stats=1", "RingTotal"},
                                          {"/v1/nodes", "Nodes"},
                                          {"/v1/nodes?label=zone=eu", "Labelled"}}) {
    api.handle({"GET", target, {}}, [&](const Response& response) {
      EXPECT_EQ(what_is_wrong(document, document["components"]["schemas"][name], Json::parse(response.body),
                              target),
                "");
    });
  }
}

}  // namespace
}  // namespace dart::api
