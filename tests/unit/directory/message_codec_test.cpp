#include "directory/message_codec.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dart::directory {
namespace {

overlay::NodeHandle node(std::uint64_t number) {
  overlay::NodeHandle handle;
  handle.id = {number, number + 1};
  handle.endpoints[0] = overlay::Endpoint::ipv4(0x7F000001, static_cast<std::uint16_t>(7000 + number));
  return handle;
}

Group group() { return {7, {node(1), node(2)}, {node(1)}, true}; }
Record record() { return {3, true, "value", {{{8, 9}, 2}, {{8, 10}, 3}}}; }

/// One of each kind, every field set.
std::vector<Message> samples() {
  return {
      Locate{5},
      Located{6},
      Ask{{1, 2}, Operation::Set, "name", 4, "value", 3},
      Answer{{1, 2}, 3, Outcome::Conflict, 5, true, "other"},
      Prepare{{5, 7, "name"}, 11, {12, 13}},
      Promise{5, 11, Verdict::Moved, 2, {12, 13}, {10, 13}, record(), group()},
      Accept{{5, 7, "name"}, 11, {12, 13}, {14, 13}, {{{1, 2}, 3}, {{2, 3}, 4}}, record()},
      Accepted{5, 11, Verdict::Rejected, 2, {12, 13}, group(), {{1, 2}, 9}},
      Fetch{5, 7, {3, 4}, {12, 13}, "after", false},
      Fetched{
          5, 7, Verdict::Ok, 3, {12, 13}, {15, 16}, {{"name", {12, 13}, record()}}, "after", false, false},
      Offer{5, group(), true},
      Offered{5, 7, true},
      Watch{"name"},
      Notice{"name", 8},
      Outlived{4},
      Scan{{1, 2}, 5, "pre", "prefix", 9},
      Scanned{{1, 2}, 5, Outcome::Ok, {{"name", 3}, {"other", 4}}, "other", true},
      Browse{5, 7, 11, "pre", "prefix", 9},
      Browsed{5, 11, Verdict::Moved, group(), {{"name", {12, 13}, 3, true}}, false},
      ReformShard{{1, 2}, 5},
      ShardReformed{{1, 2}, 5, Reforming::Empty}};
}

TEST(DirectoryMessages, every_kind_survives_its_bytes) {
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

TEST(DirectoryMessages, fields_are_what_they_were) {
  const auto back = decode(encode(Message(std::get<Promise>(samples()[5]))));
  ASSERT_TRUE(back.has_value());
  const auto& promise = std::get<Promise>(*back);
  EXPECT_EQ(promise.record, record());
  EXPECT_EQ(promise.group, group());
  EXPECT_EQ(promise.accepted, (Ballot{10, 13}));
  EXPECT_EQ(promise.verdict, Verdict::Moved);
}

TEST(DirectoryMessages, limits_are_kept) {
  const auto refused = [](Message message) { return !decode(encode(message)).has_value(); };
  EXPECT_TRUE(refused(Locate{limits::kShards}));
  EXPECT_TRUE(refused(Watch{std::string(limits::kNameBytes + 1, 'n')}));
  EXPECT_TRUE(refused(Watch{""}));
  EXPECT_TRUE(refused(Ask{{}, Operation::Set, "name", 0, std::string(limits::kValueBytes + 1, 'v'), 1}));
  EXPECT_TRUE(refused(Offer{1, {1, {node(1), node(1)}, {}}, false})) << "a member twice";
  EXPECT_TRUE(refused(Offer{1, {1, {node(1), node(2), node(3), node(4), node(5), node(6)}, {}}, false}));
  EXPECT_TRUE(refused(Offer{1, {0, {node(1)}, {}}, false})) << "members without an epoch";
  EXPECT_FALSE(decode("nonsense").has_value());
  EXPECT_FALSE(decode("").has_value());
}

}  // namespace
}  // namespace dart::directory
