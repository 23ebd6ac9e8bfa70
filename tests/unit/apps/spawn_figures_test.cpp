#include "apps/spawn_figures.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dart::apps {
namespace {

NodeId node(std::uint64_t number) { return {number, 0}; }

TEST(SpawnFigures, CountsLevelsHopsAndShares) {
  runtime::SpawnReport report;
  for (std::uint64_t i = 1; i <= 10; ++i) report.ids.push_back(node(i));
  report.paths = {{node(90), {node(1), node(2), node(3)}, 300, 100},
                  {node(90), {node(4), node(2), node(3)}, 200, 100},
                  {node(90), {node(3)}, 5, 1},
                  {node(90), {}, 0, -1}};
  const auto figures = figures_of(report);
  EXPECT_EQ(figures.delivered, 3U);
  ASSERT_EQ(figures.levels.size(), 3U);
  EXPECT_EQ(figures.levels[0].appearances, 3U);
  EXPECT_EQ(figures.levels[0].distinct, 3U);
  EXPECT_EQ(figures.levels[1].appearances, 2U);
  EXPECT_EQ(figures.levels[1].distinct, 1U);
  EXPECT_EQ(figures.levels[1].max, 2U);
  EXPECT_EQ(figures.busiest, 2U);
  EXPECT_DOUBLE_EQ(figures.loaded_share, 0.2);
  EXPECT_DOUBLE_EQ(figures.mean_hops, 4.0 / 3);
  EXPECT_EQ(figures.max_hops, 2U);
  EXPECT_EQ(figures.hops.at(0), 1U);
  EXPECT_EQ(figures.stretches, 2U) << "the root itself has no way to stretch";
  EXPECT_DOUBLE_EQ(figures.stretch_ratio_of_means, 2.5);
  EXPECT_EQ(figures.delay_median_us, 200);
}

TEST(SpawnFigures, NothingIsNoDivisionByZero) {
  const auto figures = figures_of({});
  EXPECT_EQ(figures.delivered, 0U);
  EXPECT_TRUE(figures.levels.empty());
  EXPECT_EQ(figures.mean_hops, 0);
}

}  // namespace
}  // namespace dart::apps
