#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "sim/world.hpp"

namespace dart::sim {
namespace {

using directory::Answer;
using directory::Listed;
using directory::Operation;
using directory::Outcome;

constexpr std::int64_t kSecond = 1'000'000;

/// A ring whose nodes keep firm records; every message goes through its bytes.
class Records : public ::testing::Test, public Observer {
 protected:
  void come_up(std::uint32_t nodes) {
    WorldOptions options;
    options.seed = 3;
    options.directory.emplace();
    options.codec_every = 1;
    options.check_every = 1;
    world_.emplace(options, *make_delay_model("plane", Random(1)));
    world_->set_observer(this);
    for (std::uint32_t m = 0; m < nodes; ++m) {
      world_->add_machine();
      world_->start(m, {0}, m == 0);
      run(1);
    }
    run(10);
  }
  void run(int seconds) { world_->run_until(world_->now() + Duration{seconds * kSecond}); }

  void on_action(std::uint32_t, const node::Action& action) override {
    if (const auto* done = std::get_if<directory::Completed>(&action)) answers_[done->tag] = done->answer;
    if (const auto* done = std::get_if<directory::Reformed>(&action)) reformed_[done->tag] = *done;
    if (const auto* listed = std::get_if<Listed>(&action)) lists_[listed->tag] = *listed;
  }

  Answer ask(std::uint32_t machine, Operation operation, const std::string& name, std::uint64_t expected = 0,
             const std::string& value = {}) {
    return ask(machine,
               directory::Command{0, NodeId::draw(random_), operation, name, expected, value, false});
  }
  Answer ask(std::uint32_t machine, directory::Command command) {
    const std::uint64_t tag = command.tag = ++tags_;
    world_->command(machine, std::move(command));
    return await(answers_, tag);
  }
  Listed list(std::uint32_t machine, const std::string& prefix, const std::string& after = {},
              std::uint32_t limit = directory::limits::kListed) {
    const std::uint64_t tag = ++tags_;
    world_->command(machine, directory::ListNames{tag, prefix, after, limit});
    return await(lists_, tag);
  }
  /// How many shards ended how.
  std::uint32_t reform(std::uint32_t machine, directory::Reforming result) {
    const std::uint64_t tag = ++tags_;
    world_->command(machine, directory::Reform{tag});
    return await(reformed_, tag).shards[static_cast<std::size_t>(result)];
  }
  static std::vector<std::string> names_of(const Listed& listed) {
    std::vector<std::string> names;
    for (const auto& one : listed.names) names.push_back(one.name);
    return names;
  }

  std::optional<World> world_;
  Random random_{5};

 private:
  template <class Got>
  Got await(const std::map<std::uint64_t, Got>& got, std::uint64_t tag) {
    const TimePoint until = world_->now() + Duration{40 * kSecond};
    while (!got.contains(tag) && world_->run_one(until)) continue;
    EXPECT_TRUE(got.contains(tag));
    return got.contains(tag) ? got.at(tag) : Got{};
  }

  std::uint64_t tags_ = 0;
  std::map<std::uint64_t, Answer> answers_;
  std::map<std::uint64_t, Listed> lists_;
  std::map<std::uint64_t, directory::Reformed> reformed_;
};

TEST_F(Records, a_change_may_leave_open_which_version_it_meets) {
  using directory::kAnyVersion;
  come_up(3);
  EXPECT_EQ(ask(1, Operation::Delete, "name", kAnyVersion).version, 0U) << "nothing was there";
  EXPECT_EQ(ask(0, Operation::Set, "name", kAnyVersion, "a").version, 1U);
  EXPECT_EQ(ask(1, Operation::Set, "name", kAnyVersion, "b").version, 2U);
  const Answer gone = ask(2, Operation::Delete, "name", kAnyVersion);
  EXPECT_EQ(gone.outcome, Outcome::Ok);
  EXPECT_EQ(gone.version, 3U);
  EXPECT_EQ(ask(0, Operation::Delete, "name", kAnyVersion).version, 3U) << "once is enough";
}

TEST_F(Records, a_change_that_is_made_again_is_never_made_twice) {
  using directory::kAnyVersion;
  come_up(3);
  auto request = NodeId::draw(random_);
  const auto set = [&](std::uint32_t machine, bool again) {
    return ask(machine, directory::Command{0, request, Operation::Set, "name", kAnyVersion, "mine", again});
  };
  EXPECT_EQ(set(0, false).version, 1U);
  ask(1, Operation::Set, "name", 1, "other");
  EXPECT_EQ(set(2, true).version, 1U) << "through another node";
  EXPECT_EQ(ask(0, Operation::Get, "name").value, "other");
  request = NodeId::draw(random_);
  EXPECT_EQ(set(0, false).version, 3U);
  for (std::uint64_t i = 0; i < directory::limits::kApplied; ++i) ask(0, Operation::Set, "name", kAnyVersion);
  EXPECT_EQ(set(1, true).outcome, Outcome::Unknown) << "the record has forgotten it";
  EXPECT_EQ(ask(0, Operation::Get, "name").version, 3 + directory::limits::kApplied);
}

TEST_F(Records, a_list_has_the_records_with_the_prefix_in_order_from_any_node) {
  come_up(12);
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(ask(static_cast<std::uint32_t>(i % 12), Operation::Set, fmt::format("view/{:02}", i)).outcome,
              Outcome::Ok);
  }
  ask(0, Operation::Set, "table/1");
  ask(1, Operation::Set, "view/03", 1, "again");
  ask(2, Operation::Delete, "view/05", 1);
  const Listed listed = list(7, "view/");
  EXPECT_EQ(listed.outcome, Outcome::Ok);
  EXPECT_FALSE(listed.more);
  ASSERT_EQ(listed.names.size(), 29U);
  EXPECT_EQ(listed.names[3].name, "view/03");
  EXPECT_EQ(listed.names[3].version, 2U);
  EXPECT_EQ(listed.names[5].name, "view/06");  // 05 is no more
  EXPECT_EQ(list(3, "").names.size(), 30U);
  EXPECT_EQ(names_of(list(3, "table/1")), std::vector<std::string>{"table/1"});
  EXPECT_TRUE(list(3, "nothing").names.empty());
}

TEST_F(Records, a_list_that_is_cut_goes_on_after_its_last_name) {
  come_up(3);
  for (int i = 0; i < 40; ++i) ask(0, Operation::Set, fmt::format("{:02}", i));
  std::vector<std::string> all;
  std::string after;
  for (bool more = true; more;) {
    const Listed piece = list(1, "", after, 7);
    ASSERT_EQ(piece.outcome, Outcome::Ok);
    ASSERT_LE(piece.names.size(), 7U);
    for (const auto& one : piece.names) all.push_back(one.name);
    more = piece.more;
    if (more) after = all.back();
  }
  ASSERT_EQ(all.size(), 40U);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], fmt::format("{:02}", i));
}

TEST_F(Records, a_list_takes_the_word_of_a_majority_over_a_stale_member) {
  come_up(5);
  for (int i = 0; i < 20; ++i) ask(0, Operation::Set, fmt::format("{}", i));
  for (std::uint32_t m = 1; m < 5; ++m) world_->cut(m, 0);  // nobody is heard by the first
  for (int i = 0; i < 20; i += 2) {
    EXPECT_EQ(ask(3, Operation::Delete, fmt::format("{}", i), 1).outcome, Outcome::Ok);
  }
  world_->mend_cuts();
  EXPECT_EQ(list(2, "").names.size(), 10U);
}

TEST_F(Records, a_list_without_a_majority_is_unavailable) {
  come_up(2);
  ask(0, Operation::Set, "name");
  world_->crash(1, false);
  EXPECT_EQ(list(0, "").outcome, Outcome::Unavailable);
}

TEST_F(Records, the_largest_record_goes_to_all_members_and_to_a_new_one) {
  come_up(4);
  const std::string large(directory::limits::kValueBytes, 'x');
  const std::string name(directory::limits::kNameBytes, 'n');
  std::uint64_t version = 0;
  for (int i = 0; i < 20; ++i) version = ask(1, Operation::Set, name, version, large).version;
  EXPECT_EQ(version, 20U);
  world_->add_machine();
  world_->start(4, {0});
  run(20);
  for (std::uint32_t m = 0; m < 2; ++m) world_->crash(m, false);
  run(5);
  EXPECT_EQ(ask(4, Operation::Get, name).value, large);
  EXPECT_EQ(ask(4, Operation::Set, name, 20, large + "x").outcome, Outcome::Refused);
}

TEST_F(Records, a_healthy_ring_is_not_reformed) {
  come_up(5);
  ask(0, Operation::Set, "name", 0, "value");
  EXPECT_EQ(reform(3, directory::Reforming::Healthy), directory::limits::kShards);
  EXPECT_EQ(ask(1, Operation::Get, "name").value, "value");
}

TEST_F(Records, after_the_loss_of_a_majority_those_who_are_left_go_on_by_order) {
  come_up(5);
  for (int i = 0; i < 30; ++i) ask(0, Operation::Set, fmt::format("{}", i), 0, "before");
  for (std::uint32_t m = 2; m < 5; ++m) world_->crash(m, false);
  run(8);
  EXPECT_EQ(ask(0, Operation::Get, "0").outcome, Outcome::Unavailable);
  EXPECT_EQ(reform(1, directory::Reforming::Survived), directory::limits::kShards);
  run(10);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(ask(0, Operation::Get, fmt::format("{}", i)).value, "before");
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(ask(1, Operation::Set, fmt::format("{}", i), 1, "after").outcome, Outcome::Ok);
  }
  // Those that were given up come back with their disks, a majority of what was: they have no say.
  for (std::uint32_t m = 2; m < 5; ++m) world_->start(m, {0});
  run(60);
  for (int i = 0; i < 30; ++i) {
    const Answer read = ask(static_cast<std::uint32_t>(i % 5), Operation::Get, fmt::format("{}", i));
    EXPECT_EQ(read.value, "after");
    EXPECT_EQ(read.version, 2U);
  }
  for (directory::ShardNumber shard = 0; shard < directory::limits::kShards; ++shard) {
    EXPECT_EQ(world_->core(1)->directory()->shard(shard).group.members.size(), 5U);
  }
}

TEST_F(Records, with_nobody_left_a_shard_begins_anew) {
  come_up(3);
  ask(0, Operation::Set, "name", 0, "before");
  for (std::uint32_t m = 0; m < 2; ++m) world_->crash(m, false);
  world_->crash(2, false);
  for (std::uint32_t m = 0; m < 3; ++m) world_->disk(m).entries.clear();
  world_->start(0, {});
  world_->start(1, {0});
  run(10);
  EXPECT_EQ(ask(0, Operation::Get, "name").outcome, Outcome::Unavailable);
  EXPECT_EQ(reform(0, directory::Reforming::Empty), directory::limits::kShards);
  run(5);
  EXPECT_EQ(ask(0, Operation::Get, "name").version, 0U);
  EXPECT_EQ(ask(1, Operation::Set, "name", 0, "after").outcome, Outcome::Ok);
}

}  // namespace
}  // namespace dart::sim
