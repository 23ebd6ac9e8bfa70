#include "api/ring_api.hpp"

#include <gtest/gtest.h>

#include <thread>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "api/http_server.hpp"
#include "unit/api/fake_keys.hpp"

namespace dart::api {
namespace {

using Json = nlohmann::json;

/// A node with two neighbours that is the root of every key but one.
class FakePort final : public RingPort {
 public:
  [[nodiscard]] NodeStatus status() const override {
    NodeStatus status;
    status.ring = "0102";
    status.profile = "lan";
    status.view.self.id = {1, 1};
    status.view.phase = overlay::Phase::Member;
    status.view.joined = status.view.ready = true;
    for (const std::uint64_t number : {2, 3}) {
      overlay::Contact contact;
      contact.node.id = {number, number};
      (number == 2 ? status.view.left : status.view.right).push_back(contact);
      status.view.table.push_back(contact);
    }
    status.counters = {{"lost", 5}};
    status.survives = 2;
    return status;
  }
  void route(const Key& key, std::function<void(Result<RoutePath>)> done) override {
    if (key == Key{9, 9}) return done(fail(ErrorCode::NotFound, "no answer", std::nullopt, "wait"));
    done(RoutePath{{{"me", "here"}, {key.text(), "there"}}, 42});
  }
  void total(const std::string& group, std::function<void(Result<GroupTotal>)> done) override {
    if (group == "label:zone=lost") return done(fail(ErrorCode::NotFound, "no answer"));
    if (group == "label:zone=eu") return done(GroupTotal{300, {{"01", 1}, {"02", 1}}});
    done(GroupTotal{8, {{"deaths", 3}, {group, 1}}});
  }
  [[nodiscard]] std::string endpoint_text(const overlay::Endpoint&) const override { return "somewhere"; }
  [[nodiscard]] Key key_of(const std::string& words) const override { return {words.size(), 7}; }
};

Response ask(const std::string& target, const std::string& method = "GET") {
  FakePort port;
  FakeKeys keys;
  RingApi api(port, keys);
  Response got;
  int answers = 0;
  api.handle({method, target, {}}, [&](const Response& response) {
    got = response;
    ++answers;
  });
  EXPECT_EQ(answers, 1);
  EXPECT_TRUE(Json::accept(got.body)) << got.body;
  return got;
}

TEST(RingApi, ShowsTheCountersOfTheWholeRing) {
  const auto stats = Json::parse(ask("/v1/ring?stats=1").body);
  EXPECT_EQ(stats["ring"], "0102");
  EXPECT_EQ(stats["nodes"], 8);
  EXPECT_EQ(stats["counters"]["deaths"], 3);
  EXPECT_EQ(stats["counters"]["ring:counters"], 1) << "the group that was asked";
  EXPECT_TRUE(Json::parse(ask("/v1/ring?stats=0").body).contains("phase"));
}

TEST(RingApi, ListsTheNodesWithALabel) {
  const auto nodes = Json::parse(ask("/v1/nodes?label=zone%3Deu").body);
  EXPECT_EQ(nodes["label"], "zone=eu");
  EXPECT_EQ(nodes["count"], 300) << "also when not all have a place in the list";
  EXPECT_EQ(nodes["nodes"], Json::array({"01", "02"}));
  EXPECT_EQ(ask("/v1/nodes?label=zone").status, 400U);
  EXPECT_EQ(ask("/v1/nodes?label=%3Deu").status, 400U);
  EXPECT_EQ(ask("/v1/nodes?label=zone%3Dlost").status, 503U);
}

TEST(RingApi, ShowsTheNode) {
  const auto ring = Json::parse(ask("/v1/ring").body);
  EXPECT_EQ(ring["node"], (NodeId{1, 1}).text());
  EXPECT_EQ(ring["phase"], "member");
  EXPECT_EQ(ring["left"], Json::array({(NodeId{2, 2}).text()}));
  EXPECT_EQ(ring["counters"]["lost"], 5);
  EXPECT_EQ(ring["survives"], 2);
}

TEST(RingApi, ListsEachNodeOnce) {
  const auto nodes = Json::parse(ask("/v1/nodes").body)["nodes"];
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(nodes[0]["relation"], "self");
  EXPECT_EQ(nodes[1]["relation"], "right");
  EXPECT_EQ(nodes[2]["relation"], "left");
}

TEST(RingApi, RoutesIdsAndWords) {
  const Key key{0xABCD, 1};
  const auto by_id = Json::parse(ask("/v1/route?key=" + key.text()).body);
  EXPECT_EQ(by_id["key"], key.text());
  EXPECT_EQ(by_id["hops"], 1);
  EXPECT_EQ(by_id["root"], key.text());
  EXPECT_EQ(by_id["round_trip_us"], 42);
  const auto by_words = Json::parse(ask("/v1/route?x=1&key=" + percent_encoded("a b/ü")).body);
  EXPECT_EQ(by_words["key"], (Key{6, 7}).text()) << "six bytes after decoding";
}

TEST(RingApi, SaysWhatIsWrong) {
  EXPECT_EQ(ask("/v1/nothing").status, 404U);
  EXPECT_EQ(ask("/v1/ring", "POST").status, 405U);
  EXPECT_EQ(ask("/v1/route").status, 400U);
  EXPECT_EQ(ask("/v1/route?key=").status, 400U);
  const auto failed = ask("/v1/route?key=" + (Key{9, 9}).text());
  EXPECT_EQ(failed.status, 503U);
  EXPECT_EQ(Json::parse(failed.body)["hint"], "wait");
}

TEST(HttpServer, AnswersOnLoopbackOnly) {
  boost::asio::io_context loop;
  FakePort port;
  FakeKeys keys;
  RingApi api(port, keys);
  const auto handler = [&](const Request& request, auto done) { api.handle(request, std::move(done)); };
  EXPECT_FALSE(HttpServer::start(loop, "0.0.0.0", 0, handler));
  EXPECT_FALSE(HttpServer::start(loop, "192.0.2.1", 0, handler));
  auto server = HttpServer::start(loop, "127.0.0.1", 0, handler);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_FALSE(HttpServer::start(loop, "127.0.0.1", (*server)->port(), handler)) << "taken";
  const std::string address = "127.0.0.1:" + std::to_string((*server)->port());
  std::thread thread([&] { loop.run(); });
  const auto good = http_get(address, "/v1/ring", 5);
  const auto missing = http_get(address, "/", 5);
  loop.stop();
  thread.join();
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->status, 200U);
  EXPECT_EQ(Json::parse(good->body)["profile"], "lan");
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->status, 404U);
}

}  // namespace
}  // namespace dart::api
