// What clients do wrong while a query runs on real processes: each hears why, and no row is lost.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "api/http_client.hpp"
#include "support/raw_client.hpp"
#include "unit/ring/ring_of_queries.hpp"

namespace dart::test {
namespace {

using testing::HasSubstr;

constexpr const char* kViewer = "viewer-token-viewer-token";
constexpr const char* kOperator = "operator-token-operator-token";
constexpr std::size_t kRows = 900;  // of each node

/// Each node reads numbers of its own, 300 a second.
std::string numbers_query() {
  return "CREATE TABLE numbers (n bigint) WITH (connector = 'datagen', rate = 300, n.distribution = "
         "'sequence', "
         "order = 'arrival', label = 'role=cab', rows = " +
         std::to_string(kRows) + "); SELECT n FROM numbers;";
}

class QueryRefusalsTest : public RingOfQueries {
 protected:
  void form_guarded(std::size_t count) {
    const auto secret = [&](const std::string& name, const std::string& text) {
      const std::string path = folder_.write(name, text);
      std::filesystem::permissions(path, std::filesystem::perms::owner_read);
      return path;
    };
    const std::string tokens =
        secret("tokens", "viewer ${file:" + secret("viewer", kViewer) +
                             "}\noperator ${file:" + secret("operator", kOperator) + "}\n");
    start_cabs(count, {"--tokens", tokens});
    ASSERT_TRUE(await(kPatience, [&] {
      return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
        const auto known = ask(*node, {"GET", "/v1/nodes?label=role=cab", "", kOperator});
        return known.status == 200 && Json::parse(known.body)["nodes"].size() == count;
      });
    }));
  }
  struct Ask {
    std::string method;
    std::string target;
    std::string body;
    std::string token;
  };
  [[nodiscard]] static api::Response ask(const NodeProcess& node, const Ask& request) {
    const auto answer = api::http_ask(
        node.http(), {request.method, request.target, request.body, "Bearer " + request.token}, 20);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(api::Response{});
  }
  /// One line that says what is wrong.
  static void refused(const NodeProcess& node, const Ask& request, unsigned status,
                      const std::string& reason) {
    const auto answer = ask(node, request);
    EXPECT_EQ(answer.status, status) << request.target << ": " << answer.body;
    const Json body = Json::parse(answer.body, nullptr, false);
    ASSERT_TRUE(body.is_object()) << answer.body;
    EXPECT_THAT(body["error"].get<std::string>(), HasSubstr(reason));
  }
  [[nodiscard]] static std::uint16_t port_of(const NodeProcess& node) {
    return static_cast<std::uint16_t>(std::stoi(node.http().substr(node.http().rfind(':') + 1)));
  }
  static std::string quoted(const std::string& text) { return Json(text).dump(); }
};

TEST_F(QueryRefusalsTest, ClientsThatDoWrongHearWhyAndRowsGoOn) {
  form_guarded(3);
  const NodeProcess& node = *nodes_[0];
  const auto submission = [](const std::string& sql) {
    return R"({"name": "q", "sql": )" + quoted(sql) + "}";
  };
  ASSERT_EQ(ask(node, {"POST", "/v1/queries", submission(numbers_query()), kOperator}).status, 201U);

  std::vector<std::unique_ptr<RawClient>> slow;
  for (const auto& other : nodes_) {
    slow.push_back(std::make_unique<RawClient>(port_of(*other)));
    slow.back()->send("GET /v1/ri");
    slow.push_back(std::make_unique<RawClient>(port_of(*other)));
    slow.back()->send(
        std::string("POST /v1/queries HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n") +
        "Authorization: Bearer " + kOperator + "\r\n\r\n{");
    // Follows the rows and takes none of them.
    slow.push_back(std::make_unique<RawClient>(port_of(*other)));
    slow.back()->send(std::string("GET /v1/streams/q HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ") +
                      kViewer + "\r\n\r\n");
  }
  for (const auto& other : nodes_) {
    refused(*other, {"GET", "/v1/queries", "", "nobody-has-this-token"}, 401, "token");
    refused(*other, {"POST", "/v1/queries", submission("SELECT 1 AS one"), kViewer}, 403, "operator");
    refused(*other, {"DELETE", "/v1/queries/q", "", kViewer}, 403, "operator");
    refused(*other, {"POST", "/v1/queries", std::string(3U << 20, ' '), kOperator}, 413, "2097152");
    refused(*other, {"POST", "/v1/queries", R"({"name": "r", "sql": "SELECT 1)", kOperator}, 400, "JSON");
    refused(*other, {"POST", "/v1/queries", R"({"name": 3})", kOperator}, 400, "name");
    refused(*other, {"POST", "/v1/queries", submission("SELECT n FORM numbers"), kOperator}, 422,
            "1:15: error");
    refused(*other, {"POST", "/v1/queries", submission("SELECT m FROM numbers"), kOperator}, 422,
            "\"numbers\" does not exist");
    refused(*other, {"POST", "/v1/queries", submission("SELECT 1 AS other"), kOperator}, 409, "q");
    refused(*other, {"GET", "/v1/queries/r", "", kViewer}, 404, "r");
    refused(*other, {"GET", "/v1/nothing", "", kViewer}, 404, "/v1/nothing");
  }
  const auto tail = run_process({DART_BINARY_DIR "/dart", "stream", "tail", "q", "--http", nodes_[2]->http(),
                                 "--token", "${file:" + folder_.file("viewer") + "}"});
  ASSERT_EQ(tail.exit_code, 0) << tail.err;
  std::map<std::string, std::size_t> times;
  std::istringstream lines(tail.out);
  for (std::string line; std::getline(lines, line);) ++times[line];
  EXPECT_EQ(times.size(), kRows);
  for (const auto& [number, count] : times) EXPECT_EQ(count, nodes_.size()) << number;
}

}  // namespace
}  // namespace dart::test
