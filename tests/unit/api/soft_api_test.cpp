#include "api/soft_api.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "directory/soft/limits.hpp"
#include "unit/api/fake_keys.hpp"

namespace dart::api {
namespace {

using directory::soft::Outcome;
using Json = nlohmann::json;

class SoftApiTest : public testing::Test {
 protected:
  Json ask(const std::string& method, const std::string& body = {},
           const std::string& target = "/v1/soft/a") {
    api_.handle({method, target, body}, [&](const Response& response) { got_ = response; });
    return Json::parse(got_.body, nullptr, false);
  }
  unsigned status(const std::string& method, const std::string& body = {},
                  const std::string& target = "/v1/soft/a") {
    (void)ask(method, body, target);
    return got_.status;
  }

  FakeKeys keys_;
  SoftApi api_{keys_};
  Response got_;
};

TEST_F(SoftApiTest, WritesReadsAndTakesBack) {
  EXPECT_EQ(status("GET"), 404U);
  EXPECT_EQ(ask("PUT", R"({"value": "one", "lifetime_s": 1.5})")["version"], 1);
  EXPECT_EQ(got_.status, 200U);
  EXPECT_EQ(keys_.puts.back().lifetime_us, 1'500'000);
  const auto read = ask("GET");
  EXPECT_EQ(read["value"], "one");
  EXPECT_EQ(read["lifetime_s"], 1.5);
  EXPECT_EQ(read["writer"], (NodeId{1, 2}.text()));
  EXPECT_EQ(ask("DELETE")["exists"], false);
  EXPECT_FALSE(keys_.puts.back().exists);
  EXPECT_EQ(keys_.puts.back().lifetime_us, directory::soft::limits::kLifetimeUs);
  EXPECT_EQ(status("GET"), 404U);
}

TEST_F(SoftApiTest, SaysWhatIsWrong) {
  EXPECT_EQ(status("PUT", R"({"value": "one"})"), 400U);
  EXPECT_EQ(status("PUT", R"({"value": "one", "lifetime_s": 0})"), 422U);
  EXPECT_EQ(status("PUT", R"({"value": "one", "lifetime_s": 1e9})"), 422U);
  EXPECT_EQ(status("PUT", R"({"value": "one", "lifetime_s": "1"})"), 400U);
  EXPECT_EQ(status("PUT", "{}"), 400U);
  EXPECT_EQ(status("POST"), 405U);
  EXPECT_EQ(status("GET", {}, "/v1/soft/"), 422U);
  EXPECT_EQ(status("PUT", Json{{"value", std::string(16'385, 'x')}, {"lifetime_s", 1}}.dump()), 413U);
  EXPECT_TRUE(keys_.puts.empty());
  keys_.force_soft = Outcome::Stale;
  EXPECT_EQ(status("PUT", R"({"value": "one", "lifetime_s": 1})"), 409U);
  keys_.force_soft = Outcome::Refused;
  EXPECT_EQ(ask("PUT", R"({"value": "one", "lifetime_s": 1})")["error"], "why");
  keys_.force_soft = Outcome::Unavailable;
  EXPECT_EQ(status("GET"), 503U);
}

}  // namespace
}  // namespace dart::api
