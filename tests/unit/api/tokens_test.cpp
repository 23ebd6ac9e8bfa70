#include "api/tokens.hpp"

#include <gmock/gmock.h>

#include "api/http_client.hpp"
#include "unit/api/api_server.hpp"

namespace dart::api {
namespace {

using testing::HasSubstr;

Result<std::string> resolve(const std::string& reference) {
  if (reference == "${env:VIEWER}") return "viewer-token-viewer-token";
  if (reference == "${env:OPERATOR}") return "operator-token-operator-token";
  if (reference == "${env:SHORT}") return "short";
  return fail(ErrorCode::NotFound, reference + " is not set");
}

/// SHA-256 of "admin-token-admin-token".
const std::string kAdmin = "admin sha256:a7a72fb2106d7f6b193dc98e12d6d11b6e54b206d072e8ed3744cf9704396d78";

Tokens all() {
  auto tokens =
      Tokens::parse("# who\nviewer ${env:VIEWER} # grafana\n\noperator ${env:OPERATOR}\n" + kAdmin, resolve);
  EXPECT_TRUE(tokens) << tokens.error().message;
  return tokens ? *std::move(tokens) : Tokens();
}

TEST(Tokens, KnowTheRoleOfEach) {
  const Tokens tokens = all();
  EXPECT_EQ(tokens.size(), 3U);
  EXPECT_EQ(tokens.role_of("Bearer viewer-token-viewer-token"), Role::Viewer);
  EXPECT_EQ(tokens.role_of("bearer operator-token-operator-token"), Role::Operator);
  EXPECT_EQ(tokens.role_of("Bearer admin-token-admin-token"), Role::Admin);
  for (const char* wrong :
       {"", "Bearer", "Bearer ", "Basic viewer-token-viewer-token", "viewer-token-viewer-token",
        "Bearer viewer-token-viewer-toke", "Bearer viewer-token-viewer-token "}) {
    EXPECT_FALSE(tokens.role_of(wrong)) << wrong;
  }
}

TEST(Tokens, WrongLinesAreNamed) {
  const auto error = [](const std::string& text) {
    const auto tokens = Tokens::parse(text, resolve);
    return tokens ? "none" : tokens.error().message;
  };
  EXPECT_THAT(error("viewer ${env:VIEWER}\nroot ${env:VIEWER}"), HasSubstr("line 2 of the tokens: 'root'"));
  EXPECT_THAT(error("viewer"), HasSubstr("line 1"));
  EXPECT_THAT(error("viewer a b"), HasSubstr("line 1"));
  EXPECT_THAT(error("viewer ${env:NOTHING}"), HasSubstr("is not set"));
  EXPECT_THAT(error("viewer ${env:SHORT}"), HasSubstr("less than 16 bytes"));
  EXPECT_THAT(error("viewer sha256:12"), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(error(kAdmin + "0"), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(error("# nothing"), HasSubstr("there is no token"));
}

class GuardedServerTest : public testing::Test {
 protected:
  unsigned status(const std::string& method, const std::string& target, const std::string& token,
                  const std::string& body = {}) {
    const auto answer =
        http_ask(server_.address(), {method, target, body, token.empty() ? "" : "Bearer " + token}, 5);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->status : 0;
  }
  const Tokens tokens_ = all();
  ApiServer server_{[] {
                      HttpServerSettings settings;
                      settings.guarded = true;
                      return settings;
                    }(),
                    &tokens_};
  const std::string viewer_ = "viewer-token-viewer-token";
  const std::string operator_ = "operator-token-operator-token";
  const std::string admin_ = "admin-token-admin-token";
};

TEST_F(GuardedServerTest, ATokenIsNeededAndItsRoleCounts) {
  EXPECT_EQ(status("GET", "/v1/ring", ""), 401U);
  EXPECT_EQ(status("GET", "/v1/ring", "wrong"), 401U);
  EXPECT_EQ(status("GET", "/v1/nothing", ""), 401U) << "what there is, is nobody's business";
  EXPECT_EQ(status("GET", "/metrics", ""), 401U);
  EXPECT_EQ(status("GET", "/v1/openapi.json", ""), 200U);
  EXPECT_EQ(status("GET", "/v1/ring", viewer_), 200U);
  const std::string query = R"({"name": "q", "sql": "SELECT 1"})";
  EXPECT_EQ(status("POST", "/v1/queries", viewer_, query), 403U);
  EXPECT_EQ(status("POST", "/v1/queries/lint", viewer_, query), 200U);
  EXPECT_EQ(status("POST", "/v1/queries", operator_, query), 201U);
  EXPECT_EQ(status("PUT", "/v1/keys/a", operator_, R"({"value": "x"})"), 403U);
  EXPECT_EQ(status("PUT", "/v1/keys/a", admin_, R"({"value": "x"})"), 200U);
  EXPECT_EQ(status("DELETE", "/v1/queries/q", admin_), 200U);
}

TEST_F(GuardedServerTest, ABodyIsNotReadWithoutAToken) {
  const std::string long_body(1U << 20, ' ');
  EXPECT_EQ(status("POST", "/v1/queries", "wrong", long_body), 401U);
  EXPECT_EQ(status("POST", "/v1/queries", viewer_, long_body), 403U);
}

TEST_F(GuardedServerTest, OthersThanThisMachineMayBeServed) {
  boost::asio::io_context loop;
  HttpServerSettings settings;
  settings.address = "0.0.0.0";
  const auto serve = [] {
    return HttpServer::Service{[](const Request&) { return std::nullopt; },
                               [](const Request&, const auto& done) { done({}); }};
  };
  EXPECT_FALSE(HttpServer::start(loop, settings, serve())) << "without tokens";
  settings.guarded = true;
  EXPECT_TRUE(HttpServer::start(loop, settings, serve()));
}

}  // namespace
}  // namespace dart::api
