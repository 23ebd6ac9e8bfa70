#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.hpp"
#include "overlay/leaf_set.hpp"
#include "overlay/routing_table.hpp"

namespace dart::overlay {
namespace {

NodeHandle node(const NodeId& id) {
  NodeHandle handle;
  handle.id = id;
  handle.incarnation = 1;
  handle.nonce = id.low | 1;
  return handle;
}

/// Ids by their way from `self` in the direction of a side, nearest first.
std::vector<NodeId> expected(const NodeId& self, std::vector<NodeId> ids, Side side) {
  std::sort(ids.begin(), ids.end(), [&](const NodeId& a, const NodeId& b) {
    return side == Side::Right ? self.clockwise_to(a) < self.clockwise_to(b)
                               : a.clockwise_to(self) < b.clockwise_to(self);
  });
  ids.resize(std::min(ids.size(), limits::kLeafSide));
  return ids;
}

class LeafSetTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(LeafSetTest, holds_the_nearest_on_each_side_through_random_changes) {
  Random random(GetParam());
  const NodeId self = NodeId::draw(random);
  PeerTable peers;
  LeafSet leaves(self);
  std::vector<NodeId> present;
  for (std::size_t i = 0; i < GetParam(); ++i) {
    const NodeId id = NodeId::draw(random);
    const PeerIndex index = peers.add(node(id), {});
    leaves.insert(peers, index);
    peers.drop_unused(index);
    present.push_back(id);
  }
  peers.check_invariants();
  leaves.check_invariants(peers);
  for (const Side side : kSides) {
    const auto right = expected(self, present, side);
    ASSERT_EQ(leaves.size(side), right.size());
    for (std::size_t i = 0; i < right.size(); ++i) EXPECT_EQ(peers[leaves.at(side, i)].handle.id, right[i]);
  }
  EXPECT_EQ(leaves.spans_ring(), GetParam() < 2 * limits::kLeafSide);
  while (!leaves.empty()) {
    const PeerIndex index = leaves.adjacent(Side::Right);
    EXPECT_TRUE(leaves.remove(peers, index));
    peers.check_invariants();
    leaves.check_invariants(peers);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LeafSetTest, ::testing::Values(1, 2, 5, 12, 13, 23, 24, 25, 100, 500));

TEST(LeafSet, knows_the_nearest_on_each_side_after_every_death_where_both_sides_meet) {
  Random random(11);
  for (std::size_t size = 2; size < 2 * limits::kLeafSide; ++size) {
    const NodeId self = NodeId::draw(random);
    PeerTable peers;
    LeafSet leaves(self);
    std::vector<NodeId> present;
    for (std::size_t i = 0; i < size; ++i) {
      present.push_back(NodeId::draw(random));
      const PeerIndex index = peers.add(node(present.back()), {});
      leaves.insert(peers, index);
      peers.drop_unused(index);
    }
    while (!present.empty()) {
      const auto dead = static_cast<std::ptrdiff_t>(random.below(present.size()));
      EXPECT_TRUE(leaves.remove(peers, peers.find(present[static_cast<std::size_t>(dead)])));
      present.erase(present.begin() + dead);
      peers.check_invariants();
      leaves.check_invariants(peers);
      ASSERT_TRUE(leaves.spans_ring());
      for (const Side side : kSides) {
        const auto right = expected(self, present, side);
        ASSERT_EQ(leaves.size(side), right.size()) << present.size() << " of " << size << " are left";
        for (std::size_t i = 0; i < right.size(); ++i) ASSERT_EQ(leaves.id_at(side, i), right[i]);
      }
    }
  }
}

TEST(LeafSet, neighbours_agree_on_the_shared_window) {
  Random random(7);
  for (const std::size_t size : {2U, 3U, 12U, 13U, 14U, 24U, 25U, 26U, 60U}) {
    std::vector<NodeId> ids;
    for (std::size_t i = 0; i < size; ++i) ids.push_back(NodeId::draw(random));
    std::sort(ids.begin(), ids.end());
    const auto leaves_of = [&](std::size_t self) {
      PeerTable peers;
      LeafSet leaves(ids[self]);
      for (std::size_t i = 0; i < size; ++i) {
        if (i == self) continue;
        const PeerIndex index = peers.add(node(ids[i]), {});
        leaves.insert(peers, index);
        peers.drop_unused(index);
      }
      return leaves;
    };
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_EQ(leaves_of(i).shared_hash(Side::Right), leaves_of((i + 1) % size).shared_hash(Side::Left))
          << size;
    }
  }
}

TEST(LeafSet, covers_what_is_near_whatever_stands_at_its_ends) {
  Random random(21);
  const NodeId self = NodeId::draw(random);
  PeerTable peers;
  LeafSet leaves(self);
  std::vector<NodeId> ids;
  for (int i = 0; i < 80; ++i) ids.push_back(NodeId::draw(random));
  int looked_at = 0;
  for (int round = 0; round < 20'000; ++round) {
    const NodeId& id = ids[static_cast<std::size_t>(random.below(ids.size()))];
    PeerIndex index = peers.find(id);
    if (index != kNoPeer && random.chance(1, 3)) {
      leaves.remove(peers, index);
    } else if (index == kNoPeer) {
      index = peers.add(node(id), {});
      leaves.insert(peers, index);
      peers.drop_unused(index);
    }
    if (!leaves.spans_part()) continue;
    ++looked_at;
    for (const Side side : kSides) {
      const NodeId& neighbour = peers[leaves.adjacent(side)].handle.id;
      const uint128 half =
          (side == Side::Right ? self.clockwise_to(neighbour) : neighbour.clockwise_to(self)) / 2;
      const uint128 key = side == Side::Right ? self.number() + half : self.number() - half;
      ASSERT_TRUE(leaves.covers(NodeId::from_number(key))) << "round " << round;
    }
  }
  EXPECT_GT(looked_at, 1000);
}

TEST(RoutingTable, keeps_the_nearest_and_one_spare) {
  Random random(3);
  const NodeId self = NodeId::draw(random);
  PeerTable peers;
  RoutingTable table(self);
  const auto near = [](PeerIndex a, PeerIndex b) { return a < b; };
  for (int i = 0; i < 400; ++i) {
    const PeerIndex index = peers.add(node(NodeId::draw(random)), {});
    table.offer(peers, index, near);
    peers.drop_unused(index);
    table.check_invariants(peers);
    peers.check_invariants();
  }
  const auto slot = table.slot(0, (self.digit(0) + 1) % 16);
  ASSERT_NE(slot.best, kNoPeer);
  ASSERT_NE(slot.spare, kNoPeer);
  bool vacant = true;
  EXPECT_TRUE(table.remove(peers, slot.best, vacant));
  EXPECT_FALSE(vacant) << "the spare moves up";
  EXPECT_TRUE(table.remove(peers, slot.spare, vacant));
  EXPECT_TRUE(vacant);
  table.check_invariants(peers);
  peers.check_invariants();
}

TEST(Coordinate, learns_where_it_is_from_round_trips) {
  Random random(11);
  struct Point {
    double x, y;
  };
  std::vector<Point> points;
  std::vector<Coordinate> coordinates(30);
  for (std::size_t i = 0; i < coordinates.size(); ++i)
    points.push_back({random.unit() * 1e5, random.unit() * 1e5});
  const auto rtt = [&](std::size_t a, std::size_t b) {
    const double dx = points[a].x - points[b].x;
    const double dy = points[a].y - points[b].y;
    return static_cast<std::int64_t>(std::sqrt(dx * dx + dy * dy)) + 1000;
  };
  for (int round = 0; round < 20'000; ++round) {
    const auto a = static_cast<std::size_t>(random.below(30));
    const auto b = static_cast<std::size_t>(random.below(30));
    if (a != b) coordinates[a].observe(coordinates[b], {rtt(a, b)}, random);
  }
  double off = 0;
  for (std::size_t a = 0; a < 30; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      EXPECT_TRUE(coordinates[a].valid());
      off += std::abs(static_cast<double>(coordinates[a].round_trip(coordinates[b]).us - rtt(a, b)));
    }
  }
  EXPECT_LT(off / (30 * 29 / 2), 5'000) << "of 52,000 on average";
}

}  // namespace
}  // namespace dart::overlay
