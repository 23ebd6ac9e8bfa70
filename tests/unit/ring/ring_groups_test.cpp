#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/temp_folder.hpp"
#include "unit/ring/node_process.hpp"

namespace dart::test {
namespace {

constexpr std::chrono::milliseconds kPatience{30'000};

/// Nodes of real processes with labels.
class RingGroupsTest : public testing::Test {
 protected:
  NodeProcess& add(std::vector<std::string> flags) {
    flags.insert(flags.begin(), "--insecure");
    nodes_.push_back(
        std::make_unique<NodeProcess>(folder_.file("n" + std::to_string(nodes_.size())), std::move(flags)));
    nodes_.back()->start();
    return *nodes_.back();
  }
  static std::set<std::string> labelled(const NodeProcess& asked, const std::string& label) {
    const Json answer = asked.get("/v1/nodes?label=" + label);
    if (!answer.is_object() || !answer["nodes"].is_array()) return {"no answer"};
    const auto nodes = answer["nodes"].get<std::set<std::string>>();
    EXPECT_EQ(answer["count"], nodes.size());
    return nodes;
  }

  support::TempFolder folder_;
  std::vector<std::unique_ptr<NodeProcess>> nodes_;
};

TEST_F(RingGroupsTest, AnyNodeKnowsWhoHasALabelAndWhatAllCounted) {
  NodeProcess& first = add({"--bootstrap", "--label", "zone=eu"});
  const std::string seed = first.endpoint();
  NodeProcess& second = add({"--join", seed, "--label", "zone=eu", "--label", "disk=ssd"});
  NodeProcess& third = add({"--join", seed, "--label", "zone=us", "--label", "disk=ssd"});
  const std::set<std::string> eu{first.id(), second.id()};
  const std::set<std::string> ssd{second.id(), third.id()};
  EXPECT_TRUE(await(kPatience, [&] { return labelled(third, "zone%3Deu") == eu; }));
  EXPECT_TRUE(await(kPatience, [&] { return labelled(first, "disk%3Dssd") == ssd; }));
  EXPECT_TRUE(labelled(second, "zone%3Dasia").empty());
  const auto deaths = [&](const NodeProcess& asked, std::uint64_t nodes) {
    const Json stats = asked.get("/v1/ring?stats=1");
    return stats.is_object() && stats["nodes"] == nodes ? stats["counters"]["deaths"].get<int>() : -1;
  };
  EXPECT_TRUE(await(kPatience, [&] { return deaths(second, 3) == 0; }));
  third.kill();
  EXPECT_TRUE(await(kPatience, [&] { return deaths(first, 2) > 0; })) << "both that live on count the death";
  EXPECT_TRUE(await(kPatience, [&] { return labelled(first, "disk%3Dssd").size() == 1; }));
}

}  // namespace
}  // namespace dart::test
