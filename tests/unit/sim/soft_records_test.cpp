#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "sim/checkers.hpp"
#include "sim/ring_truth.hpp"
#include "sim/world.hpp"

namespace dart::sim {
namespace {

namespace soft = directory::soft;
using soft::Outcome;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;

/// A ring whose nodes hold soft records; every message goes through its bytes.
class SoftRecords : public ::testing::Test, public Observer {
 protected:
  void come_up(std::uint32_t nodes) {
    WorldOptions options;
    options.seed = 5;
    options.soft.emplace();
    options.codec_every = 1;
    options.check_every = 1;
    options.drift_ppm = 10'000;
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
    if (const auto* done = std::get_if<soft::Done>(&action)) done_[done->tag] = *done;
  }
  soft::Done put(std::uint32_t machine, const std::string& name, const std::string& value,
                 std::int64_t lifetime_us = kHour, std::uint64_t number = 0) {
    return run_to_end(machine, soft::PutSoft{++tags_, name, true, value, lifetime_us, number});
  }
  soft::Done get(std::uint32_t machine, const std::string& name) {
    return run_to_end(machine, soft::GetSoft{++tags_, name});
  }
  std::vector<std::uint32_t> holders(const std::string& name) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t m = 0; m < world_->machines(); ++m) {
      if (world_->core(m) == nullptr) continue;
      if (world_->core(m)->soft_records()->holds(name, world_->local_now(m))) found.push_back(m);
    }
    return found;
  }
  /// The machines that are up and nearest to the name's key.
  std::vector<std::uint32_t> nearest(const std::string& name, std::size_t count) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t m = 0; m < world_->machines(); ++m) {
      if (world_->state(m) == MachineState::Up) all.push_back(m);
    }
    const Key key = soft::key_of(name);
    std::sort(all.begin(), all.end(),
              [&](auto a, auto b) { return closer(key, world_->id(a), world_->id(b)); });
    all.resize(std::min(count, all.size()));
    std::sort(all.begin(), all.end());
    return all;
  }

  std::optional<World> world_;

 private:
  template <class Command>
  soft::Done run_to_end(std::uint32_t machine, Command command) {
    world_->command(machine, std::move(command));
    const TimePoint until = world_->now() + Duration{15 * kSecond};
    while (!done_.contains(tags_) && world_->run_one(until)) continue;
    EXPECT_TRUE(done_.contains(tags_));
    return done_[tags_];
  }

  std::uint64_t tags_ = 0;
  std::map<std::uint64_t, soft::Done> done_;
};

TEST_F(SoftRecords, the_newest_version_is_read_anywhere_and_held_by_the_nearest_five) {
  come_up(24);
  EXPECT_EQ(put(3, "load/3", "one").record.version.number, 1U);
  const auto second = put(4, "load/3", "two");
  EXPECT_EQ(second.outcome, Outcome::Ok);
  EXPECT_EQ(second.record.version.number, 2U);
  EXPECT_EQ(second.record.version.writer, world_->id(4));
  for (std::uint32_t m = 0; m < 24; ++m) EXPECT_EQ(get(m, "load/3").record.value, "two");
  run(3);
  EXPECT_EQ(holders("load/3"), nearest("load/3", 5));
  const auto stale = put(5, "load/3", "old", kHour, 1);
  EXPECT_EQ(stale.outcome, Outcome::Stale);
  EXPECT_EQ(stale.record.value, "two");
  EXPECT_EQ(put(5, "load/3", "far ahead", kHour, 9).record.version.number, 9U);
  EXPECT_EQ(get(6, "nothing").record.version.number, 0U);
}

TEST_F(SoftRecords, a_record_outlives_four_of_its_five_holders_at_once_again_and_again) {
  come_up(40);
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back(fmt::format("presence/{}", i));
  for (const auto& name : names) ASSERT_EQ(put(1, name, name).outcome, Outcome::Ok);
  run(5);
  for (int round = 0; round < 4; ++round) {
    const std::string& victim = names[static_cast<std::size_t>(round)];
    auto of_victim = nearest(victim, 5);
    of_victim.erase(of_victim.begin() + round);  // another one is left each time
    for (const std::uint32_t m : of_victim) world_->crash(m, round % 2 == 0);
    run(15);
    for (const auto& name : names) {
      EXPECT_EQ(holders(name), nearest(name, 5)) << name;
      EXPECT_EQ(get(nearest(name, 1).front(), name).record.value, name);
    }
  }
}

TEST_F(SoftRecords, newcomers_take_over_what_they_are_nearest_to) {
  come_up(8);
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back(fmt::format("{}", i));
  for (const auto& name : names) ASSERT_EQ(put(2, name, name).outcome, Outcome::Ok);
  for (std::uint32_t m = 8; m < 30; ++m) {
    world_->add_machine();
    world_->start(m, {0});
    run(1);
  }
  run(10);
  for (const auto& name : names) EXPECT_EQ(holders(name), nearest(name, 5)) << name;
}

TEST_F(SoftRecords, a_record_ends_with_its_life_on_all_nodes_and_not_before) {
  come_up(12);
  ASSERT_EQ(put(1, "short", "value", 20 * kSecond).outcome, Outcome::Ok);
  for (int i = 0; i < 4; ++i) {
    world_->crash(nearest("short", 1).front(), true);  // what remains travels to the next ones
    run(4);
  }
  EXPECT_EQ(holders("short").size(), 5U);
  run(5);
  EXPECT_TRUE(holders("short").empty());
  EXPECT_EQ(get(nearest("x", 1).front(), "short").record.version.number, 0U);
}

TEST_F(SoftRecords, what_was_taken_back_stays_so) {
  come_up(6);
  put(1, "name", "value");
  world_->command(2, soft::PutSoft{99, "name", false, "", kHour, 0});
  run(2);
  const auto read = get(3, "name");
  EXPECT_FALSE(read.record.exists);
  EXPECT_EQ(read.record.version.number, 2U);
}

TEST_F(SoftRecords, parts_of_a_ring_go_on_and_the_newest_version_is_everywhere_when_they_meet) {
  come_up(16);
  put(0, "name", "before");
  for (std::uint32_t m = 8; m < 16; ++m) world_->set_group(m, 1);
  run(20);
  EXPECT_EQ(put(1, "name", "one side").outcome, Outcome::Ok);
  EXPECT_EQ(put(9, "name", "other side").outcome, Outcome::Ok);
  EXPECT_EQ(put(9, "name", "newest").record.version.number, 3U);
  EXPECT_EQ(get(1, "name").record.value, "one side");
  for (std::uint32_t m = 8; m < 16; ++m) world_->set_group(m, 0);
  run(60);
  EXPECT_EQ(wrong_leaf_set(*world_), "");
  for (std::uint32_t m = 0; m < 16; ++m) EXPECT_EQ(get(m, "name").record.value, "newest");
}

TEST_F(SoftRecords, rings_of_one_two_and_three_hold_records_and_limits_are_told) {
  come_up(1);
  EXPECT_EQ(put(0, "name", "value").outcome, Outcome::Ok);
  for (std::uint32_t m = 1; m < 3; ++m) {
    world_->add_machine();
    world_->start(m, {0});
    run(10);
  }
  world_->crash(0, true);
  run(5);
  EXPECT_EQ(get(2, "name").record.value, "value");
  EXPECT_EQ(put(1, "", "value").outcome, Outcome::Refused);
  EXPECT_EQ(put(1, "name", std::string(soft::limits::kValueBytes + 1, 'x')).outcome, Outcome::Refused);
  EXPECT_EQ(put(1, "name", "value", 25 * kHour).outcome, Outcome::Refused);
  EXPECT_EQ(put(1, "name", "value", 0).outcome, Outcome::Refused);
  const auto largest = put(1, std::string(255, 'n'), std::string(soft::limits::kValueBytes, 'x'));
  EXPECT_EQ(largest.outcome, Outcome::Ok);
}

}  // namespace
}  // namespace dart::sim
