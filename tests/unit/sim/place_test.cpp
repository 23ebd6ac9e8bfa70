#include <gmock/gmock.h>

#include <map>

#include "sim/app_figures.hpp"
#include "sim/place_experiment.hpp"

namespace dart::sim {
namespace {

PlaceReport place(bool free_sink, bool hash_alone = false) {
  PlaceOptions options;
  options.nodes = 300;
  options.apps = 60;
  options.seed = 5;
  options.free_sink = free_sink;
  options.hash_alone = hash_alone;
  return run_place(options, *make_delay_model("transit-stub", Random(5)));
}

std::map<std::string, PlaceFigures> by_policy(const PlaceReport& report) {
  std::map<std::string, PlaceFigures> all;
  for (const PlaceFigures& it : report.policies) all[it.policy] = it;
  return all;
}

TEST(PlaceExperiment, every_policy_places_the_same_apps) {
  const PlaceReport report = place(false);
  EXPECT_EQ(report.joined, 300U);
  auto policies = by_policy(report);
  ASSERT_EQ(policies.size(), 4U);
  EXPECT_EQ(policies["central"].spread.operators, 60U) << "a sink each, at the root of its key";
  EXPECT_EQ(policies["central"].median_us, report.direct_median_us);
  EXPECT_GT(policies["route"].spread.operators, 3 * 60U);
  EXPECT_EQ(policies["random"].spread.operators, policies["route"].spread.operators);
  EXPECT_LT(policies["cost"].median_us, policies["route"].median_us * 3 / 4);
  EXPECT_LT(policies["cost"].bytes_per_s, policies["route"].bytes_per_s);
  EXPECT_GT(policies["random"].median_us, policies["route"].median_us);
  for (const auto& [name, figures] : policies) {
    std::uint32_t nodes = 0;
    for (const std::uint32_t count : figures.spread.nodes_with) nodes += count;
    EXPECT_EQ(nodes, 300U) << name;
  }
}

TEST(PlaceExperiment, a_sink_that_may_be_anywhere_is_nearer_with_cost_alone) {
  // Where nobody refuses: a root that does lets a leaf have the sink.
  auto bound = by_policy(place(false, true));
  auto free = by_policy(place(true, true));
  EXPECT_LT(free["cost"].median_us, bound["cost"].median_us);
  EXPECT_EQ(free["route"].median_us, bound["route"].median_us);
}

TEST(PlaceExperiment, nodes_that_refuse_keep_the_busiest_low) {
  EXPECT_LT(by_policy(place(false))["route"].spread.busiest,
            by_policy(place(false, true))["route"].spread.busiest);
}

TEST(AppFigures, count_nodes_by_their_operators) {
  const OperatorSpread spread = spread_of({0, 2, 2, 5, 0, 3, 0, 0, 0, 0});
  EXPECT_EQ(spread.operators, 12U);
  EXPECT_EQ(spread.busiest, 5U);
  EXPECT_EQ(spread.nodes_with, (std::vector<std::uint32_t>{6, 0, 2, 1, 0, 1}));
  EXPECT_DOUBLE_EQ(spread.below_3_percent, 80);
  EXPECT_DOUBLE_EQ(spread.below_4_percent, 90);
  EXPECT_DOUBLE_EQ(spread_of({0, 0}).below_3_percent, 100);
}

}  // namespace
}  // namespace dart::sim
