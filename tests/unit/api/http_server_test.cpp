#include "api/http_server.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "support/raw_client.hpp"
#include "unit/api/api_server.hpp"

namespace dart::api {
namespace {

using test::RawClient;
using testing::HasSubstr;
using testing::StartsWith;

std::string head(const std::string& first, const std::string& more = "") {
  return first + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

HttpServerSettings impatient() {
  HttpServerSettings settings;
  settings.patience = std::chrono::milliseconds(50);
  return settings;
}

TEST(HttpServer, AnswersOnLoopbackOnly) {
  boost::asio::io_context loop;
  const auto serve = [] {
    return HttpServer::Service{[](const Request&) { return std::nullopt; },
                               [](const Request&, const auto& done) { done({}); }};
  };
  HttpServerSettings settings;
  for (const char* address : {"0.0.0.0", "192.0.2.1", "nonsense"}) {
    settings.address = address;
    EXPECT_FALSE(HttpServer::start(loop, settings, serve())) << address;
  }
  ApiServer server;
  settings.address = "127.0.0.1";
  settings.port = server.port();
  EXPECT_FALSE(HttpServer::start(loop, settings, serve())) << "taken";
  const auto good = http_get(server.address(), "/v1/ring", 5);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->status, 200U);
  EXPECT_EQ(nlohmann::json::parse(good->body)["profile"], "lan");
  EXPECT_EQ(http_get(server.address(), "/", 5)->status, 404U);
}

TEST(HttpServer, SaysWhatIsNoRequest) {
  ApiServer server;
  for (const char* bytes : {"\x16\x03\x01 is TLS\r\n\r\n", "GET /v1/ring\r\n\r\n",
                            "GET /v1/ring HTTP/9.9\r\n\r\n", "GET /v1/ring HTTP/1.1\r\nno colon\r\n\r\n",
                            "GET /v1/ring HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n"}) {
    const RawClient client(server.port());
    client.send(bytes);
    const auto answer = client.read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 ")) << bytes;
    EXPECT_THAT(answer, HasSubstr("that is no HTTP request"));
  }
}

TEST(HttpServer, TooMuchIsRefusedWithAReason) {
  HttpServerSettings settings;
  settings.body_bytes = 1000;
  settings.header_bytes = 1000;
  ApiServer server(settings);
  const RawClient told(server.port());
  told.send(head("POST /v1/queries", "Content-Length: 1001\r\n"));
  EXPECT_THAT(told.read_all(), StartsWith("HTTP/1.1 413 "));
  const RawClient chunked(server.port());
  chunked.send(head("POST /v1/queries", "Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 3; ++i) chunked.send("190\r\n" + std::string(400, 'x') + "\r\n");
  EXPECT_THAT(chunked.read_all(), StartsWith("HTTP/1.1 413 "));
  const RawClient wordy(server.port());
  wordy.send(head("GET /v1/ring", "X: " + std::string(2000, 'x') + "\r\n"));
  EXPECT_THAT(wordy.read_all(), StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServer, WhoIsSlowIsToldSo) {
  ApiServer server(impatient());
  const RawClient header(server.port());
  header.send("GET /v1/ri");
  EXPECT_THAT(header.read_all(), StartsWith("HTTP/1.1 408 "));
  const RawClient body(server.port());
  body.send(head("POST /v1/queries", "Content-Length: 100\r\n") + "{");
  EXPECT_THAT(body.read_all(), StartsWith("HTTP/1.1 408 "));
  const RawClient silent(server.port());
  EXPECT_EQ(silent.read_all(), "") << "who says nothing is not told anything";
}

TEST(HttpServer, ASlowOneDoesNotHoldUpOthers) {
  HttpServerSettings settings;
  settings.connections = 2;
  ApiServer server(settings);
  const RawClient slow(server.port());
  slow.send("GET /v1/ri");
  EXPECT_EQ(http_get(server.address(), "/v1/ring", 5)->status, 200U);
}

TEST(HttpServer, ConnectionsAreBounded) {
  HttpServerSettings settings;
  settings.connections = 2;
  ApiServer server(settings);
  auto first = HttpClient::connect(server.address(), 5);
  auto second = HttpClient::connect(server.address(), 5);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->ask({"GET", "/v1/ring", {}})->status, 200U);
  EXPECT_EQ(second->ask({"GET", "/v1/ring", {}})->status, 200U);
  const RawClient third(server.port());
  EXPECT_EQ(third.read_all(), "") << "closed at once";
  EXPECT_EQ(first->ask({"GET", "/v1/ring", {}})->status, 200U);
}

TEST(HttpServer, StreamsOfOneClientAreBounded) {
  HttpServerSettings settings;
  settings.streams_per_client = 2;
  ApiServer server(settings);
  std::vector<HttpClient> clients;
  for (const unsigned expected : {200U, 200U, 503U}) {
    auto client = HttpClient::connect(server.address(), 5);
    ASSERT_TRUE(client);
    const auto begun = client->stream("/v1/events", [](std::string_view) { return false; });
    ASSERT_TRUE(begun) << begun.error().message;
    EXPECT_EQ(begun->status, expected);
    clients.push_back(*std::move(client));
  }
  clients.clear();
  const auto once_more = [&] {
    auto client = HttpClient::connect(server.address(), 5);
    const auto begun = client->stream("/v1/events", [](std::string_view) { return false; });
    return begun ? begun->status : 0;
  };
  while (once_more() != 200U) std::this_thread::yield();
}

TEST(HttpServer, PagesOfOtherPlacesMayNotAsk) {
  ApiServer server;
  const RawClient page(server.port());
  page.send(head("GET /v1/ring", "Origin: http://example.com\r\nConnection: close\r\n"));
  EXPECT_THAT(page.read_all(), StartsWith("HTTP/1.1 403 "));
  const RawClient name(server.port());
  name.send("GET /v1/ring HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(name.read_all(), StartsWith("HTTP/1.1 403 "));
}

}  // namespace
}  // namespace dart::api
