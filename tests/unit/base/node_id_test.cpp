#include "base/node_id.hpp"

#include <gtest/gtest.h>

namespace dart {
namespace {

TEST(NodeId, text_and_back) {
  const NodeId id{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  EXPECT_EQ(id.text(), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(NodeId::parse(id.text()), id);
  EXPECT_EQ(NodeId::parse("0123456789ABCDEFFEDCBA9876543210"), id);
  EXPECT_FALSE(NodeId::parse("0123"));
  EXPECT_FALSE(NodeId::parse("g123456789abcdeffedcba9876543210"));
}

TEST(NodeId, digits_and_shared_prefix) {
  const NodeId id{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  for (unsigned i = 0; i < 16; ++i) {
    EXPECT_EQ(id.digit(i), i);
    EXPECT_EQ(id.digit(16 + i), 15 - i);
  }
  EXPECT_EQ(id.shared_digits(id), NodeId::kDigits);
  EXPECT_EQ(id.shared_digits({0x1123456789abcdefULL, 0}), 0U);
  EXPECT_EQ(id.shared_digits({0x0123456789abcdefULL, 0xfedcba9876543211ULL}), 31U);
  EXPECT_EQ(id.shared_digits({0x0123456789abcdefULL, 0x0}), 16U);
}

TEST(NodeId, distance_goes_the_shorter_way_round) {
  const NodeId low{0, 1};
  const NodeId high{UINT64_MAX, UINT64_MAX};
  EXPECT_TRUE(low.distance_to(high) == 2);
  EXPECT_TRUE(high.clockwise_to(low) == 2);
  EXPECT_TRUE(closer({0, 0}, high, {0, 2}));
  EXPECT_TRUE(closer({0, 5}, {0, 3}, {0, 7})) << "a tie goes to the smaller id";
  EXPECT_FALSE(closer({0, 5}, {0, 7}, {0, 3}));
}

}  // namespace
}  // namespace dart
