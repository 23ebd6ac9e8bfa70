#include "base/delay_histogram.hpp"

#include <gtest/gtest.h>

namespace dart {
namespace {

TEST(DelayHistogram, IsEmptyAtFirst) {
  const DelayHistogram delays;
  EXPECT_EQ(delays.count(), 0U);
  EXPECT_EQ(delays.percentile(0.99), 0);
  EXPECT_EQ(delays.max(), 0);
}

TEST(DelayHistogram, SmallValuesAreExact) {
  DelayHistogram delays;
  for (std::int64_t us = 1; us <= 60; ++us) delays.record(us);
  EXPECT_EQ(delays.percentile(0.5), 30);
  EXPECT_EQ(delays.percentile(1.0), 60);
  EXPECT_EQ(delays.percentile(0.0), 1);
}

TEST(DelayHistogram, LargeValuesAreAtMostThreePercentTooHigh) {
  for (std::int64_t us = 64; us < (std::int64_t{1} << 40); us = us * 9 / 8 + 1) {
    DelayHistogram delays;
    delays.record(us);
    delays.record(us * 2);
    const auto p50 = delays.percentile(0.5);
    EXPECT_GE(p50, us);
    EXPECT_LE(static_cast<double>(p50), static_cast<double>(us) * 1.032);
    EXPECT_EQ(delays.percentile(1.0), us * 2);
  }
}

TEST(DelayHistogram, NegativeAndEndlessDelaysAreHeldInRange) {
  DelayHistogram delays;
  delays.record(-5);
  delays.record(INT64_MAX);
  EXPECT_EQ(delays.percentile(0.5), 0);
  EXPECT_EQ(delays.max(), (std::int64_t{1} << 41) - 1);
}

TEST(DelayHistogram, MergeAddsCounts) {
  DelayHistogram a;
  DelayHistogram b;
  a.record(10, 3);
  b.record(20);
  a.merge(b);
  EXPECT_EQ(a.count(), 4U);
  EXPECT_EQ(a.percentile(0.75), 10);
  EXPECT_EQ(a.max(), 20);
}

}  // namespace
}  // namespace dart
