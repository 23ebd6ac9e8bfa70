#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "directory/tree/limits.hpp"
#include "directory/tree/message_codec.hpp"

namespace dart::directory::tree {
namespace {

overlay::NodeHandle node(std::uint64_t number) {
  overlay::NodeHandle handle;
  handle.id = {number, number + 1};
  handle.endpoints[0] = overlay::Endpoint::ipv4(0x7F000001, static_cast<std::uint16_t>(7000 + number));
  return handle;
}

overlay::Coordinate coordinate() { return {-1, 2, -3, 4, 5}; }
std::vector<Partial> partials() {
  return {{Combine::Sum, 2, {-7, {}}}, {Combine::Counters, 3, {0, {{"a", 1}, {"b", UINT64_MAX}}}}};
}

/// One of each kind, every field set.
std::vector<Message> samples() {
  const Key group{11, 12};
  return {Join{group, 3, coordinate()},
          Full{group, 4, node(1)},
          Beat{group, {{1, 2}, {3, 4}}, {{5, 6}}},
          Report{group, 5, 6, partials()},
          Leave{group},
          Drop{group},
          Multi{group, {7, 8}, 9, "payload"},
          Want{group, {{7, 8}, {9, 10}}},
          Walk{group, {7, 8}, 13, node(2), "payload", {{node(3), true, {{1, 2}}}, {node(4), false, {}}}},
          WalkAck{14},
          WalkEnd{{7, 8}, CastOutcome::Nobody},
          Query{group, 15},
          Total{16, 17, partials()}};
}

TEST(TreeMessages, every_kind_survives_its_bytes) {
  const auto all = samples();
  ASSERT_EQ(all.size(), std::variant_size_v<Message>);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].index(), i);
    const std::string bytes = encode(all[i]);
    const auto back = decode(bytes);
    ASSERT_TRUE(back.has_value()) << i << ": " << back.error().message;
    EXPECT_EQ(back->index(), i);
    EXPECT_EQ(encode(*back), bytes) << i;
  }
}

TEST(TreeMessages, fields_are_what_they_were) {
  const auto walk = std::get<Walk>(*decode(encode(samples()[8])));
  EXPECT_EQ(walk.origin, node(2));
  ASSERT_EQ(walk.frames.size(), 2U);
  EXPECT_TRUE(walk.frames[0].asked);
  EXPECT_EQ(walk.frames[0].visited, (std::vector<NodeId>{{1, 2}}));
  const auto report = std::get<Report>(*decode(encode(samples()[3])));
  EXPECT_EQ(report.partials, partials());
  EXPECT_EQ(report.members, 6U);
  const auto join = std::get<Join>(*decode(encode(samples()[0])));
  EXPECT_EQ(join.coordinate, coordinate());
}

TEST(TreeMessages, limits_are_kept) {
  const auto refused = [](Message message) { return !decode(encode(message)).has_value(); };
  const std::vector<NodeId> ids(limits::kRecent + 1);
  EXPECT_TRUE(refused(Beat{{}, ids, {}})) << "a path";
  EXPECT_TRUE(refused(Beat{{}, {}, ids}));
  EXPECT_TRUE(refused(Want{{}, ids}));
  EXPECT_TRUE(refused(Multi{{}, {}, 0, std::string(limits::kPayloadBytes + 1, 'x')}));
  EXPECT_FALSE(refused(Multi{{}, {}, 0, std::string(limits::kPayloadBytes, 'x')}));
  EXPECT_TRUE(refused(
      Walk{{}, {}, 0, node(1), "", std::vector<Frame>(limits::kFrames + 1, Frame{node(1), false, {}})}));
  EXPECT_FALSE(refused(Walk{{}, {}, 0, node(1), "", {Frame{node(1), false, {}}}}));
  EXPECT_TRUE(refused(Full{{}, 0, {}})) << "a node without an id";
  const Partial number{Combine::Sum, 1, {}};
  EXPECT_TRUE(refused(Report{{}, 0, 0, {number, number}})) << "a partial twice";
  EXPECT_TRUE(refused(Report{{}, 0, 0, {{Combine::Counters, 1, {0, {{"b", 1}, {"a", 1}}}}}})) << "order";
  EXPECT_TRUE(refused(Report{{}, 0, 0, {{Combine::Counters, 1, {0, {{"a", 1}, {"a", 1}}}}}}));
  const std::string name(limits::kCounterName + 1, 'n');
  EXPECT_TRUE(refused(Report{{}, 0, 0, {{Combine::Counters, 1, {0, {{name, 1}}}}}}));
  EXPECT_TRUE(refused(Report{{}, 0, 0, {{static_cast<Combine>(9), 1, {}}}}));
  EXPECT_TRUE(refused(Join{{}, 0, {overlay::Coordinate::kLargest + 1, 0, 0, 0, 1}}));
  EXPECT_FALSE(decode("nonsense").has_value());
  EXPECT_FALSE(decode("").has_value());
}

TEST(TreeValues, are_combined_within_their_range) {
  std::vector<Partial> all;
  add(all, {Combine::Sum, 1, {INT64_MAX - 1, {}}});
  add(all, {Combine::Sum, 1, {5, {}}});
  add(all, {Combine::Min, 1, {3, {}}});
  add(all, {Combine::Min, UINT64_MAX, {-4, {}}});
  add(all, {Combine::Max, 1, {3, {}}});
  add(all, {Combine::Max, 1, {-4, {}}});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].value.number, INT64_MAX);
  EXPECT_EQ(all[0].members, 2U);
  EXPECT_EQ(all[1].value.number, -4);
  EXPECT_EQ(all[1].members, UINT64_MAX);
  EXPECT_EQ(all[2].value.number, 3);
}

TEST(TreeValues, counters_are_merged_by_name_and_a_full_list_says_what_it_left_out) {
  std::vector<Partial> all;
  add(all, {Combine::Counters, 1, {0, {{"a", 1}, {"c", UINT64_MAX}}}});
  add(all, {Combine::Counters, 1, {0, {{"b", 2}, {"c", 3}}}});
  EXPECT_EQ(all[0].value.counters, (CounterList{{"a", 1}, {"b", 2}, {"c", UINT64_MAX}}));
  CounterList many;
  for (std::size_t i = 0; i < limits::kCounters; ++i) many.emplace_back("d" + std::to_string(1000 + i), 1);
  EXPECT_EQ(add(all, {Combine::Counters, 1, {0, many}}), 3U);
  EXPECT_EQ(all[0].value.counters.size(), limits::kCounters);
}

TEST(TreeValues, ways_of_combining_have_names) {
  for (const auto* name : {"sum", "min", "max", "counters"}) {
    const auto combine = combine_named(name);
    ASSERT_TRUE(combine.has_value()) << name;
    EXPECT_EQ(name_of(*combine), name);
  }
  EXPECT_FALSE(combine_named("mean").has_value());
}

TEST(TreeGroups, keys_come_from_names) {
  EXPECT_EQ(group_key("label:zone=eu"), group_key("label:zone=eu"));
  EXPECT_NE(group_key("label:zone=eu"), group_key("label:zone=us"));
  EXPECT_NE(group_key(""), group_key(std::string(1, '\0')));
}

}  // namespace
}  // namespace dart::directory::tree
