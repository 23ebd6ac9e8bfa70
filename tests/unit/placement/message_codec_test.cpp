#include "placement/message_codec.hpp"

#include <gtest/gtest.h>

#include "placement/limits.hpp"
#include "placement/load_badge.hpp"
#include "placement/record_codec.hpp"

namespace dart::placement {
namespace {

overlay::NodeHandle node_of(std::uint64_t number) {
  overlay::NodeHandle node;
  node.id = {number, ~number};
  node.endpoints[0] = overlay::Endpoint::ipv4(0x0A000001 + static_cast<std::uint32_t>(number), 7400);
  node.incarnation = 3;
  node.nonce = number * 7 + 1;
  return node;
}

QuerySpec a_spec() {
  QuerySpec spec;
  spec.name = "tips";
  spec.text = "SELECT 1";
  spec.program = std::string("\0\1\2", 3);
  StageShape source;
  source.role = StageRole::Source;
  source.label = "role=cab";
  source.nodes = {node_of(4)};
  source.rows_per_s = 12.5;
  spec.stages = {source, StageShape{}};
  spec.edges = {{0, 1, EdgeKind::Hash}};
  spec.on_partition = OnPartition::Pause;
  return spec;
}

std::vector<Placed> some_places() {
  return {{{0, 0}, node_of(1), {{1, 0}}, false},
          {{0, 1}, node_of(2), {{1, 0}}, true},
          {{1, 0}, node_of(3), {}, false}};
}

std::vector<Message> one_of_each() {
  const Hop hop{{node_of(1), {1, -2, 3, 4, 5}, {900, 3, 2, 8, 1 << 20}}, {{node_of(2), {}, {}}}};
  return {Ask{{1, 2}, RequestKind::Submit, "tips", a_spec()},
          Answered{{1, 2}, true, true, 9, "message", "hint", some_places(), {"note"}},
          Attract{"tips", 5, 1, "role=cab"},
          Join{"tips", 5, 0, {hop, hop}},
          Hello{"tips"},
          Reserve{"tips", 5, {{1, 0}, {1, 1}}, 3},
          Reserved{"tips", 5, {{1, 0}}, true, {100, 0, 2, 0, 77}},
          Deploy{a_spec(), 9, 2, some_places(), 10, true, 11, 8, some_places()},
          Deployed{"tips", 9, {1, 0}, "cannot open", true},
          Stop{"tips", 9},
          Hold{"tips", 9, 10, true},
          Barrier{"tips", 9, 10, 11},
          BarrierReached{"tips", 9, 11, {1, 0}},
          Ended{"tips", 9, {1, 0}, "disk full", false},
          PeerLost{"tips", 9, node_of(6)},
          Leaving{{"tips", "trips"}},
          RollCall{4, {{"tips", 9}}},
          RollAnswer{4, {"tips"}},
          Probe{4},
          Watch{true, {"tips"}, {"trips"}},
          HostDied{"tips", node_of(6)}};
}

TEST(PlacementMessages, every_kind_comes_back_as_it_was) {
  const auto messages = one_of_each();
  ASSERT_EQ(messages.size(), std::variant_size_v<Message>);
  for (const Message& message : messages) {
    const std::string bytes = encode(message);
    const auto again = decode(bytes);
    ASSERT_TRUE(again) << kMessageNames[message.index()] << ": " << again.error().message;
    EXPECT_EQ(again->index(), message.index());
    EXPECT_EQ(encode(*again), bytes) << kMessageNames[message.index()];
  }
}

TEST(PlacementMessages, bytes_that_are_cut_or_changed_are_refused_or_read_never_worse) {
  Random random(7);
  for (const Message& message : one_of_each()) {
    const std::string bytes = encode(message);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) (void)decode(std::string_view(bytes).substr(0, cut));
    for (int times = 0; times < 200; ++times) {
      std::string wrong = bytes;
      wrong[static_cast<std::size_t>(random.below(wrong.size()))] = static_cast<char>(random.below(256));
      if (const auto read = decode(wrong)) (void)encode(*read);
    }
  }
}

TEST(PlacementMessages, what_breaks_a_limit_is_refused_with_the_reason) {
  EXPECT_EQ(decode(encode(Message(Hello{""}))).error().message, "a name has 1 to 128 bytes");
  EXPECT_EQ(decode(encode(Message(Hello{std::string(129, 'x')}))).error().message,
            "a name has 1 to 128 bytes");
  QuerySpec long_spec = a_spec();
  long_spec.text.assign(limits::kSpecBytes, 'x');
  EXPECT_EQ(decode(encode(Message(Ask{{}, RequestKind::Submit, "tips", long_spec}))).error().message,
            "a query is too long");
  QuerySpec backwards = a_spec();
  backwards.edges = {{1, 0, EdgeKind::Hash}};
  EXPECT_EQ(decode(encode(Message(Ask{{}, RequestKind::Submit, "tips", backwards}))).error().message,
            "an edge leads to an earlier stage");
}

TEST(PlacementRecords, a_record_comes_back_as_it_was) {
  QueryRecord record;
  record.spec = a_spec();
  record.epoch = 12;
  record.run = 3;
  record.state = QueryState::Paused;
  record.scheduler = node_of(8);
  record.placed = some_places();
  record.history = {{1234, 12, "paused"}};
  const auto again = decode_record(encode(record));
  ASSERT_TRUE(again);
  EXPECT_EQ(encode(*again), encode(record));
  EXPECT_EQ(again->history.front().what, "paused");
  EXPECT_TRUE(again->placed[1].away);
  EXPECT_FALSE(decode_record("no record"));
}

TEST(LoadBadges, a_load_fits_on_a_heartbeat_and_other_badges_are_no_load) {
  const std::string badge = badge_of({1000, 5, 7, 9, 1ULL << 40});
  EXPECT_LE(badge.size(), overlay::limits::kBadgeBytes);
  const auto load = load_of_badge(badge);
  ASSERT_TRUE(load);
  EXPECT_EQ(load->instances, 7U);
  EXPECT_EQ(load->free_bytes, 1ULL << 40);
  EXPECT_FALSE(load_of_badge(""));
  EXPECT_FALSE(load_of_badge("another badge of a newer node"));
}

}  // namespace
}  // namespace dart::placement
