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
  EXPECT_EQ(figures.paths.paths, 3U);
  ASSERT_EQ(figures.paths.levels.size(), 3U);
  EXPECT_EQ(figures.paths.levels[0].appearances, 3U);
  EXPECT_EQ(figures.paths.levels[0].distinct, 3U);
  EXPECT_EQ(figures.paths.levels[1].appearances, 2U);
  EXPECT_EQ(figures.paths.levels[1].distinct, 1U);
  EXPECT_EQ(figures.paths.levels[1].max, 2U);
  EXPECT_EQ(figures.paths.busiest, 2U);
  EXPECT_DOUBLE_EQ(figures.loaded_share, 0.2);
  EXPECT_DOUBLE_EQ(figures.paths.hops_mean, 4.0 / 3);
  EXPECT_EQ(figures.paths.hops_max, 2U);
  EXPECT_EQ(figures.paths.hops_histogram.at(0), 1U);
  EXPECT_EQ(figures.stretch.ways, 2U) << "the root itself has no way to stretch";
  EXPECT_DOUBLE_EQ(figures.stretch.ratio_of_means, 2.5);
  EXPECT_EQ(figures.delay_median_us, 200);
}

TEST(SpawnFigures, NothingIsNoDivisionByZero) {
  const auto figures = figures_of({});
  EXPECT_EQ(figures.paths.paths, 0U);
  EXPECT_TRUE(figures.paths.levels.empty());
  EXPECT_EQ(figures.paths.hops_mean, 0);
}

}  // namespace
}  // namespace dart::apps
