#include "sim/path_figures.hpp"

#include <gtest/gtest.h>

namespace dart::sim {
namespace {

TEST(PathFigures, AWayThatWasGivenUpIsForgotten) {
  Path path = {1};
  take_hop(path, 1, 2);
  take_hop(path, 2, 3);
  take_hop(path, 1, 4);
  EXPECT_EQ(path, (Path{1, 4}));
}

TEST(PathFigures, StretchesAreRankedAndTheirWaysSummed) {
  const Way ways[] = {{30, 10}, {10, 10}, {40, 20}};
  const Stretch stretch = stretch_of(ways);
  EXPECT_EQ(stretch.ways, 3U);
  EXPECT_DOUBLE_EQ(stretch.median, 2);
  EXPECT_DOUBLE_EQ(stretch.p90, 3);
  EXPECT_DOUBLE_EQ(stretch.ratio_of_means, 2);
  EXPECT_EQ(stretch_of({}).ways, 0U);
}

}  // namespace
}  // namespace dart::sim
