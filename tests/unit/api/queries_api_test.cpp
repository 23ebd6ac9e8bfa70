#include "api/queries_api.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "api/metrics.hpp"
#include "unit/api/api_server.hpp"

namespace dart::api {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

class QueriesApiTest : public testing::Test {
 protected:
  Json ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    int answers = 0;
    api_.handle({method, target, body}, [&](const Response& response) {
      got_ = response;
      ++answers;
    });
    EXPECT_EQ(answers, 1);
    return Json::parse(got_.body, nullptr, false);
  }
  unsigned status(const std::string& method, const std::string& target, const std::string& body = {}) {
    (void)ask(method, target, body);
    return got_.status;
  }

  FakeRing ring_;
  FakeKeys keys_;
  FakeQueries queries_;
  NodeApi api_{ring_, keys_, queries_};
  Response got_;
};

TEST_F(QueriesApiTest, SubmitsOnce) {
  const auto made = ask("POST", "/v1/queries", R"({"name": "q", "sql": "SELECT 1", "variables": {"a": "b"},
      "file_name": "f.sql", "policy": "route", "partitions": 4, "on_partition": "pause"})");
  EXPECT_EQ(got_.status, 201U);
  EXPECT_EQ(made["changed"], true);
  EXPECT_EQ(made["epoch"], 3);
  EXPECT_EQ(made["instances"][0]["stage"], "main");
  const auto& given = queries_.submissions.at(0);
  EXPECT_EQ(given.name, "q");
  EXPECT_EQ(given.sql, "SELECT 1");
  EXPECT_EQ(given.variables.at("a"), "b");
  EXPECT_EQ(given.file_name, "f.sql");
  EXPECT_EQ(given.policy, "route");
  EXPECT_EQ(given.partitions, 4U);
  EXPECT_EQ(given.on_partition, "pause");
  EXPECT_EQ(status("POST", "/v1/queries", R"({"name": "q", "sql": "SELECT 1"})"), 200U) << "unchanged";
  EXPECT_EQ(status("POST", "/v1/queries", R"({"name": "q", "sql": "SELECT 2"})"), 409U);
  EXPECT_EQ(status("PUT", "/v1/queries/q", R"({"sql": "SELECT 2"})"), 200U);
  EXPECT_EQ(queries_.queries["q"], "SELECT 2");
  EXPECT_EQ(status("PUT", "/v1/queries/q", R"({"name": "r", "sql": "SELECT 2"})"), 400U);
}

TEST_F(QueriesApiTest, HandsOnWhatThePortSays) {
  queries_.failure = QueryFailure{422, "q.sql:1:8: error: no column \"x\"\nSELECT x\n       ^", "look"};
  for (const char* path : {"/v1/queries", "/v1/queries/explain", "/v1/queries/lint"}) {
    const auto body = ask("POST", path, R"({"sql": "SELECT x"})");
    EXPECT_EQ(got_.status, 422U) << path;
    EXPECT_THAT(body["error"].get<std::string>(), HasSubstr("\n       ^"));
    EXPECT_EQ(body["hint"], "look");
  }
  queries_.failure = QueryFailure{503, "no majority", ""};
  EXPECT_EQ(status("GET", "/v1/queries"), 503U);
  EXPECT_EQ(status("GET", "/v1/streams/q"), 503U);
  EXPECT_EQ(status("POST", "/v1/queries", R"({"sql": "SELECT 1"})"), 503U);
  EXPECT_FALSE(Json::parse(got_.body).contains("hint"));
}

TEST_F(QueriesApiTest, SaysWhereJsonGoesWrong) {
  const auto body = ask("POST", "/v1/queries", "{\"sql\":\n  SELECT 1}");
  EXPECT_EQ(got_.status, 400U);
  EXPECT_THAT(body["error"].get<std::string>(), HasSubstr("line 2, column 3"));
  for (const char* wrong : {"", "[]", "1e999", R"({"sql": 1})", R"({"sql": "x", "nonsense": 1})",
                            R"({"name": "q"})", R"({"sql": "x", "partitions": 0})",
                            R"({"sql": "x", "partitions": -1})", R"({"sql": "x", "partitions": 1e30})",
                            R"({"sql": "x", "on_partition": "stop"})", R"({"sql": "x", "variables": ["a"]})",
                            R"({"sql": "x", "variables": {"a": 1}})", "{\"sql\": \"\xff\"}"}) {
    EXPECT_EQ(status("POST", "/v1/queries", wrong), 400U) << wrong;
  }
  EXPECT_EQ(status("POST", "/v1/queries", std::string(100'000, '[')), 400U);
  EXPECT_TRUE(queries_.submissions.empty());
}

TEST_F(QueriesApiTest, ShowsAndChanges) {
  queries_.queries["a b"] = "SELECT 1";
  EXPECT_EQ(ask("GET", "/v1/queries")["queries"][0]["name"], "a b");
  const auto shown = ask("GET", "/v1/queries/a%20b");
  EXPECT_EQ(shown["text"], "SELECT 1");
  EXPECT_EQ(shown["history"][0]["what"], "placed");
  EXPECT_EQ(shown["instances"][0]["away"], true);
  EXPECT_EQ(status("GET", "/v1/queries/c"), 404U);
  EXPECT_EQ(status("POST", "/v1/queries/a%20b/pause"), 200U);
  EXPECT_EQ(status("POST", "/v1/queries/a%20b/resume"), 200U);
  EXPECT_EQ(status("DELETE", "/v1/queries/a%20b"), 200U);
  EXPECT_EQ(status("DELETE", "/v1/queries/c"), 404U);
  using Change = QueriesPort::Change;
  EXPECT_EQ(
      queries_.changes,
      (std::vector<std::pair<std::string, Change>>{
          {"a b", Change::Pause}, {"a b", Change::Resume}, {"a b", Change::Drop}, {"c", Change::Drop}}));
  EXPECT_EQ(status("PATCH", "/v1/queries/a"), 405U);
  EXPECT_EQ(got_.headers.at(0), (std::pair<std::string, std::string>{"Allow", "GET, PUT, DELETE"}));
}

TEST_F(QueriesApiTest, TestsRowsAgainstRows) {
  const auto body =
      ask("POST", "/v1/queries/test", R"({"sql": "SELECT 1", "input": {"t": "1\n2\n"}, "expected": "1\n"})");
  EXPECT_EQ(got_.status, 200U);
  EXPECT_EQ(body["passed"], false);
  EXPECT_EQ(body["difference"], (Json{"-1", "+2"}));
  EXPECT_EQ(queries_.tests.at(0).input.at("t"), "1\n2\n");
  EXPECT_EQ(queries_.tests.at(0).expected, "1\n");
  EXPECT_EQ(status("POST", "/v1/queries/test", R"({"sql": "SELECT 1", "input": {}})"), 400U);
  EXPECT_EQ(status("POST", "/v1/queries", R"({"sql": "SELECT 1", "expected": ""})"), 400U);
}

TEST_F(QueriesApiTest, ShowsTheCatalogue) {
  EXPECT_EQ(ask("GET", "/v1/tables")["entries"][0]["text"], "CREATE table");
  EXPECT_EQ(ask("GET", "/v1/views")["entries"][0]["kind"], "view");
  EXPECT_EQ(ask("GET", "/v1/functions")["entries"][0]["kind"], "function");
  EXPECT_EQ(status("DELETE", "/v1/tables/trips"), 200U);
  EXPECT_EQ(status("DELETE", "/v1/views/nothing"), 404U);
  EXPECT_EQ(queries_.dropped, (std::vector<std::string>{"table trips", "view nothing"}));
  EXPECT_EQ(status("GET", "/v1/operators"), 200U);
}

TEST_F(QueriesApiTest, MetricsAreInTheFormatOfPrometheus) {
  (void)ask("GET", "/metrics");
  EXPECT_EQ(got_.status, 200U);
  EXPECT_EQ(got_.content_type, kMetricsType);
  EXPECT_THAT(got_.body, HasSubstr("# TYPE dart_query_rows_total counter\n"
                                   "dart_query_rows_total{query=\"a\\\"b\",way=\"in\"} 7\n"
                                   "dart_query_rows_total{query=\"c\",way=\"in\"} 8\n"));
  EXPECT_THAT(got_.body,
              HasSubstr("# TYPE dart_query_state_bytes gauge\ndart_query_state_bytes{query=\"c\"} 1.5\n"));
  EXPECT_THAT(got_.body, HasSubstr("\ndart_lost 5\n"));
  EXPECT_THAT(got_.body, HasSubstr("\ndart_leaf_set_nodes 2\n"));
}

TEST(QueryStreams, RowsGoToTheClientUntilTheQueryEnds) {
  ApiServer server;
  server.on_loop([&] {
    server.queries.queries["q"] = "SELECT 1";
    return true;
  });
  auto client = HttpClient::connect(server.address(), 5);
  ASSERT_TRUE(client) << client.error().message;
  std::vector<std::string> seen;
  const auto ended = client->stream("/v1/streams/q", [&](std::string_view line) {
    if (line.starts_with(':')) {  // the first sign of life: the stream has begun
      server.on_loop([&] {
        const auto sink = server.queries.tails.at("q").lock();
        sink->rows(2, {"a", "b\"c"});
        sink->missed(7);
        sink->rows(2, {std::string(100'000, 'x'), std::string(100'000, 'y')});
        sink->idle();
        sink->end(QueryFailure{503, "its host is gone", "wait"});
        return true;
      });
    } else if (!line.empty()) {
      seen.emplace_back(line.substr(0, 60));
    }
    return line != R"(data: {"error":"its host is gone","hint":"wait"})";
  });
  ASSERT_TRUE(ended) << ended.error().message;
  const std::string x = R"(data: {"run":2,"lines":["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx)";
  ASSERT_EQ(seen.size(), 12U);
  EXPECT_EQ(seen[0], "event: rows");
  EXPECT_EQ(seen[1], R"(data: {"run":2,"lines":["a","b\"c"]})");
  EXPECT_EQ(seen[2], "event: missed");
  EXPECT_EQ(seen[3], R"(data: {"rows":7})");
  EXPECT_THAT(seen[5], HasSubstr("xxxxx"));
  EXPECT_THAT(seen[7], HasSubstr("yyyyy")) << "an event does not grow without bound";
  EXPECT_EQ(seen[8], "event: idle");
  EXPECT_EQ(seen[10], "event: end");
}

TEST(QueryStreams, WhoGoesAwayFollowsNoMore) {
  ApiServer server;
  server.on_loop([&] {
    server.queries.queries["q"] = "SELECT 1";
    return true;
  });
  {
    auto client = HttpClient::connect(server.address(), 5);
    ASSERT_TRUE(client);
    ASSERT_TRUE(client->stream("/v1/streams/q", [](std::string_view) { return false; }));
  }
  while (!server.on_loop([&] { return server.queries.open_tails.at(0).expired(); }))
    std::this_thread::yield();
  const auto missing = http_get(server.address(), "/v1/streams/nothing", 5);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->status, 404U);
}

TEST(QueryStreams, EventsOfQueries) {
  ApiServer server;
  auto client = HttpClient::connect(server.address(), 5);
  ASSERT_TRUE(client);
  std::string data;
  const auto begun = client->stream("/v1/events", [&](std::string_view line) {
    if (line.starts_with("data: ")) data = line.substr(6);
    return data.empty();
  });
  ASSERT_TRUE(begun) << begun.error().message;
  EXPECT_EQ(Json::parse(data),
            (Json{{"at_us", 5}, {"query", "q"}, {"epoch", 3}, {"state", "running"}, {"what", "placed"}}));
}

}  // namespace
}  // namespace dart::api
