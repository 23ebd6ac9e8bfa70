#include "api/keys_api.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "api/http_server.hpp"
#include "api/record_json.hpp"
#include "unit/api/fake_keys.hpp"

namespace dart::api {
namespace {

using directory::Operation;
using directory::Outcome;
using Json = nlohmann::json;

class KeysApiTest : public testing::Test {
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

  FakeKeys keys_;
  KeysApi api_{keys_};
  Response got_;
};

TEST_F(KeysApiTest, ReadsAndChanges) {
  EXPECT_EQ(status("GET", "/v1/keys/a"), 404U);
  EXPECT_EQ(ask("PUT", "/v1/keys/a", R"({"value": "one"})")["version"], 1);
  EXPECT_EQ(keys_.commands.back().expected, directory::kAnyVersion);
  const auto read = ask("GET", "/v1/keys/a");
  EXPECT_EQ(got_.status, 200U);
  EXPECT_EQ(read, (Json{{"name", "a"}, {"version", 1}, {"exists", true}, {"value", "one"}}));
  EXPECT_EQ(status("PUT", "/v1/keys/a", R"({"value": "two", "expected": 1})"), 200U);
  const auto conflict = ask("PUT", "/v1/keys/a", R"({"value": "three", "expected": 1})");
  EXPECT_EQ(got_.status, 409U);
  EXPECT_EQ(conflict["version"], 2);
  EXPECT_EQ(conflict["value"], "two");
  EXPECT_EQ(status("DELETE", "/v1/keys/a?expected=1"), 409U);
  const auto deleted = ask("DELETE", "/v1/keys/a?expected=2");
  EXPECT_EQ(got_.status, 200U);
  EXPECT_EQ(deleted["exists"], false);
  const auto gone = ask("GET", "/v1/keys/a");
  EXPECT_EQ(got_.status, 404U);
  EXPECT_EQ(gone["version"], 3);
}

TEST_F(KeysApiTest, AnyBytesGoThrough) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  for (std::size_t length = 0; length < 8; ++length) {
    const std::string bytes = all.substr(200, length);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
  EXPECT_EQ(to_base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  const Json body{{"value_base64", to_base64(all)}};
  EXPECT_EQ(status("PUT", "/v1/keys/b%20%2F%C3%BC?x=1", body.dump()), 200U);
  EXPECT_EQ(keys_.records.at("b /ü").value, all);
  const auto read = ask("GET", "/v1/keys/b%20/%C3%BC");
  EXPECT_FALSE(read.contains("value"));
  EXPECT_EQ(from_base64(read["value_base64"].get<std::string>()), all);
  const std::string text("tab\t nul\0 é 𝄞", 17);
  EXPECT_EQ(status("PUT", "/v1/keys/t", Json{{"value", text}}.dump()), 200U);
  EXPECT_EQ(ask("GET", "/v1/keys/t")["value"], text);
  for (const char* bad : {"\x80", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
  for (const char* bad : {"a", "a===", "ab=c", "a*bc", "===="}) EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST_F(KeysApiTest, SaysHowItEnded) {
  keys_.force = Outcome::Unavailable;
  EXPECT_EQ(status("GET", "/v1/keys/a"), 503U);
  EXPECT_EQ(status("GET", "/v1/keys"), 503U);
  const std::string id = "00000000000000ff00000000000000ee";
  const Json body{{"value", "x"}, {"expected", nullptr}, {"request", id}};
  EXPECT_EQ(ask("PUT", "/v1/keys/a", body.dump())["request"], id);
  EXPECT_EQ(got_.status, 503U);
  keys_.force = Outcome::Unknown;
  EXPECT_EQ(ask("PUT", "/v1/keys/a", body.dump())["request"], id);
  EXPECT_EQ(got_.status, 504U);
  EXPECT_EQ(keys_.commands.back().request.text(), id);
  EXPECT_FALSE(keys_.commands.back().again);
  Json repeated = body;
  repeated["again"] = true;
  EXPECT_EQ(status("PUT", "/v1/keys/a", repeated.dump()), 504U);
  EXPECT_TRUE(keys_.commands.back().again);
  EXPECT_EQ(status("PUT", "/v1/keys/a", R"({"value": "x", "again": true})"), 400U);
  EXPECT_EQ(ask("DELETE", "/v1/keys/a?request=" + id)["request"], id);
  EXPECT_EQ(ask("PUT", "/v1/keys/a", R"({"value": "x"})")["request"].get<std::string>().size(), 32U)
      << "an id of its own, to try again with";
  keys_.force = Outcome::Refused;
  EXPECT_EQ(ask("PUT", "/v1/keys/a", R"({"value": "x"})")["error"], "why");
  EXPECT_EQ(got_.status, 507U);
}

TEST_F(KeysApiTest, RefusesWhatIsWrong) {
  EXPECT_EQ(status("PUT", "/v1/keys/" + std::string(256, 'n'), R"({"value": ""})"), 422U);
  EXPECT_EQ(status("GET", "/v1/keys/%FF"), 422U);
  const auto put = [&](const std::string& body) { return status("PUT", "/v1/keys/a", body); };
  EXPECT_EQ(put(Json{{"value", std::string(65536, 'v')}}.dump()), 200U);
  EXPECT_EQ(put(Json{{"value", std::string(65537, 'v')}}.dump()), 413U);
  for (const char* bad :
       {"", "[]", "{}", R"({"value": 1})", R"({"value": "a", "value_base64": ""})",
        R"({"value_base64": "*"})", R"({"value": "a", "expected": -1})", R"({"value": "a", "expected": "1"})",
        R"({"value": "a", "expected": 18446744073709551615})", R"({"value": "a", "request": "12"})",
        R"({"value": "a", "other": 1})"}) {
    EXPECT_EQ(put(bad), 400U) << bad;
  }
  EXPECT_EQ(status("DELETE", "/v1/keys/a?expected=x"), 400U);
  EXPECT_EQ(status("GET", "/v1/keys?limit=x"), 400U);
  EXPECT_EQ(status("POST", "/v1/keys/a"), 405U);
  EXPECT_EQ(status("PUT", "/v1/keys"), 405U);
}

TEST_F(KeysApiTest, ReformNeedsConsentAndSaysWhatBecame) {
  EXPECT_EQ(status("PUT", "/v1/reform", "{}"), 400U);
  EXPECT_EQ(status("GET", "/v1/reform"), 405U);
  const char* const consent = R"({"accept_loss": true})";
  keys_.reformed.shards = {0, 60, 3, 1, 0};
  const auto counts = ask("PUT", "/v1/reform", consent);
  EXPECT_EQ(got_.status, 200U);
  EXPECT_EQ(counts["survived"], 3);
  EXPECT_EQ(counts["empty"], 1);
  keys_.reformed.shards = {1, 60, 1, 0, 2};
  EXPECT_EQ(ask("PUT", "/v1/reform", consent)["error"], "3 of the 64 parts of all names were not reformed");
  EXPECT_EQ(got_.status, 503U);
  keys_.reformed.refused = true;
  EXPECT_EQ(status("PUT", "/v1/reform", consent), 409U);
}

TEST_F(KeysApiTest, ListsNames) {
  for (const char* name : {"a", "b1", "b2", "c"}) keys_.write(name, "");
  EXPECT_EQ(ask("GET", "/v1/keys?prefix=b"),
            (Json{{"names", {{{"name", "b1"}, {"version", 1}}, {{"name", "b2"}, {"version", 1}}}},
                  {"more", false}}));
  EXPECT_EQ(ask("GET", "/v1/keys")["names"].size(), 4U);
}

/// A server with the API behind it, and clients on the test's own thread.
class KeysServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto handler = [this](const Request& request, auto done) { api_.handle(request, std::move(done)); };
    HttpServerSettings settings;
    settings.streams = 32;
    auto started = HttpServer::start(loop_, settings, {[](const Request&) { return std::nullopt; }, handler});
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
    address_ = "127.0.0.1:" + std::to_string(server_->port());
    thread_ = std::thread([this] { loop_.run(); });
  }
  void TearDown() override {
    boost::asio::post(loop_, [this] { server_.reset(); });
    thread_.join();
    EXPECT_TRUE(keys_.watches.empty()) << "whoever goes away watches no more";
  }
  void on_loop(const std::function<void()>& work) { boost::asio::post(loop_, work); }

  FakeKeys keys_;
  KeysApi api_{keys_};
  boost::asio::io_context loop_;
  std::unique_ptr<HttpServer> server_;
  std::string address_;
  std::thread thread_;
};

TEST_F(KeysServerTest, OneConnectionTakesManyRequests) {
  auto client = HttpClient::connect(address_, 5);
  ASSERT_TRUE(client) << client.error().message;
  for (int i = 1; i <= 20; ++i) {
    const auto put = client->ask({"PUT", "/v1/keys/a", R"({"value": "x"})"});
    ASSERT_TRUE(put) << put.error().message;
    EXPECT_EQ(Json::parse(put->body)["version"], i);
  }
  const std::string most(65536, 'v');
  ASSERT_EQ(client->ask({"PUT", "/v1/keys/big", Json{{"value_base64", to_base64(most)}}.dump()})->status,
            200U);
  EXPECT_EQ(Json::parse(client->ask({"GET", "/v1/keys/big", {}})->body)["value"], most);
}

TEST_F(KeysServerTest, TooLongARequestHearsWhy) {
  auto client = HttpClient::connect(address_, 5);
  ASSERT_TRUE(client);
  const auto long_one = client->ask({"PUT", "/v1/keys/a", std::string(3U << 20, ' ')});
  ASSERT_TRUE(long_one) << long_one.error().message;
  EXPECT_EQ(long_one->status, 413U);
  auto other = HttpClient::connect(address_, 5);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->ask({"GET", "/v1/keys/" + std::string(9000, 'a'), {}})->status, 431U);
}

TEST_F(KeysServerTest, AWatchSeesEachVersion) {
  auto client = HttpClient::connect(address_, 5);
  ASSERT_TRUE(client);
  std::vector<std::string> seen;
  const auto ended = client->stream("/v1/keys/a?watch=1", [&](std::string_view line) {
    if (!line.starts_with("data: ")) return true;
    const auto record = Json::parse(line.substr(6));
    seen.push_back(record.value("value", "-"));
    const std::string next = "v" + std::to_string(seen.size());
    if (seen.size() < 4) on_loop([this, next] { keys_.write("a", next); });
    return seen.size() < 4;
  });
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(seen, (std::vector<std::string>{"-", "v1", "v2", "v3"}));
}

TEST_F(KeysServerTest, AWatchReadsTheNewestOnceMore) {
  auto client = HttpClient::connect(address_, 5);
  ASSERT_TRUE(client);
  on_loop([this] { keys_.hold = true; });
  std::thread writer([this] {
    // While the first reading is under way the record changes: what was read is sent, and then what is new.
    while (true) {
      std::promise<bool> begun;
      on_loop([&] { begun.set_value(!keys_.held.empty()); });
      if (begun.get_future().get()) break;
    }
    on_loop([this] {
      keys_.held.at(0)();
      keys_.hold = false;
      keys_.write("a", "new");
    });
  });
  std::vector<std::uint64_t> versions;
  const auto ended = client->stream("/v1/keys/a?watch=1", [&](std::string_view line) {
    if (line.starts_with("data: ")) versions.push_back(Json::parse(line.substr(6))["version"]);
    return versions.size() < 2;
  });
  writer.join();
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(KeysServerTest, StreamsAreBounded) {
  std::vector<HttpClient> clients;
  unsigned refused = 0;
  for (int i = 0; i < 33; ++i) {
    auto client = HttpClient::connect(address_, 5);
    ASSERT_TRUE(client);
    const auto begun = client->stream("/v1/keys/a?watch=1", [](std::string_view) { return false; });
    ASSERT_TRUE(begun) << begun.error().message;
    if (begun->status == 503) ++refused;
    clients.push_back(*std::move(client));
  }
  EXPECT_EQ(refused, 1U);
  EXPECT_EQ(http_get(address_, "/v1/keys/a", 5)->status, 404U) << "there is room for questions";
}

TEST_F(KeysServerTest, TheServerEndsItsStreams) {
  auto client = HttpClient::connect(address_, 5);
  ASSERT_TRUE(client);
  const auto ended = client->stream("/v1/keys/a?watch=1", [&](std::string_view line) {
    if (line.starts_with("data: ")) on_loop([this] { server_.reset(); });
    return true;
  });
  ASSERT_FALSE(ended);
  EXPECT_NE(ended.error().message.find("closed"), std::string::npos) << ended.error().message;
}

}  // namespace
}  // namespace dart::api
