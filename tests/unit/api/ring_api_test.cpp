#include "api/ring_api.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/http_client.hpp"
#include "api/node_api.hpp"
#include "unit/api/fake_keys.hpp"
#include "unit/api/fake_queries.hpp"
#include "unit/api/fake_ring.hpp"

namespace dart::api {
namespace {

using Json = nlohmann::json;

Response ask(const std::string& target, const std::string& method = "GET") {
  FakeRing ring;
  FakeKeys keys;
  FakeQueries queries;
  const NodeApi api(ring, keys, queries);
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

}  // namespace
}  // namespace dart::api
