#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/checkers.hpp"
#include "sim/tree_experiment.hpp"
#include "sim/world.hpp"

namespace dart::sim {
namespace {

namespace tree = directory::tree;

constexpr std::int64_t kSecond = 1'000'000;

/// A ring whose nodes have trees; every message goes through its bytes.
class Trees : public ::testing::Test, public Observer {
 protected:
  void come_up(std::uint32_t nodes, std::uint64_t seed = 3) {
    WorldOptions options;
    options.seed = seed;
    options.tree.emplace();
    options.codec_every = 1;
    options.check_every = 1;
    options.drift_ppm = 10'000;
    options.hash_actions = true;
    world_.emplace(options, *make_delay_model("plane", Random(1)));
    world_->set_observer(this);
    for (std::uint32_t m = 0; m < nodes; ++m) {
      world_->add_machine();
      world_->start(m, {0}, m == 0);
      run_ms(500);
    }
    run_ms(10'000);
  }
  void run_ms(std::int64_t ms) { world_->run_until(world_->now() + Duration{ms * 1000}); }

  void on_action(std::uint32_t machine, const node::Action& action) override {
    if (const auto* told = std::get_if<tree::Delivered>(&action)) {
      if (told->group == group_) ++got_[told->payload][machine];
    } else if (const auto* published = std::get_if<tree::Published>(&action)) {
      published_[published->tag] = published->ok;
    } else if (const auto* total = std::get_if<tree::Totalled>(&action)) {
      totals_[total->tag] = *total;
    } else if (const auto* ended = std::get_if<tree::CastEnded>(&action)) {
      ended_[ended->tag] = *ended;
    } else if (const auto* offered = std::get_if<tree::Offered>(&action)) {
      offers_.emplace_back(machine, offered->ticket);
    }
  }

  void enter(const std::vector<std::uint32_t>& machines) {
    for (const std::uint32_t m : machines) world_->command(m, tree::EnterGroup{group_});
  }
  /// The payload names the multicast.
  void publish(std::uint32_t machine, const std::string& payload) {
    world_->command(machine, tree::Multicast{++tags_, group_, payload});
  }
  /// Members of the list that have not got it exactly once, and others that have got it at all.
  std::vector<std::uint32_t> wrong(const std::string& payload, const std::vector<std::uint32_t>& members) {
    std::vector<std::uint32_t> machines;
    auto& got = got_[payload];
    for (const std::uint32_t m : members) {
      if (!got.contains(m) || got.at(m) != 1) machines.push_back(m);
    }
    const std::set<std::uint32_t> known(members.begin(), members.end());
    for (const auto& [m, times] : got) {
      if (!known.contains(m)) machines.push_back(m);
    }
    return machines;
  }
  tree::Totalled total(std::uint32_t machine) {
    world_->command(machine, tree::AskTotal{++tags_, group_});
    const TimePoint until = world_->now() + Duration{15 * kSecond};
    while (!totals_.contains(tags_) && world_->run_one(until)) continue;
    return totals_[tags_];
  }
  /// Offers it, lets `takes` answer each member that is asked, and returns how it ended.
  template <class Takes>
  tree::CastEnded cast(std::uint32_t machine, const Takes& takes) {
    const std::uint64_t tag = ++tags_;
    world_->command(machine, tree::Anycast{tag, group_, "who?"});
    const TimePoint until = world_->now() + Duration{30 * kSecond};
    while (!ended_.contains(tag) && world_->run_one(until)) {
      const auto offers = std::exchange(offers_, {});
      for (const auto& [asked, ticket] : offers) {
        asked_.push_back(asked);
        world_->command(asked, tree::AnswerOffer{ticket, takes(asked)});
      }
    }
    EXPECT_TRUE(ended_.contains(tag));
    return ended_[tag];
  }
  static std::vector<std::uint32_t> every(std::uint32_t step, std::uint32_t nodes) {
    std::vector<std::uint32_t> machines;
    for (std::uint32_t m = 0; m < nodes; m += step) machines.push_back(m);
    return machines;
  }
  std::uint32_t machine_of(const NodeId& id) {
    for (std::uint32_t m = 0; m < world_->machines(); ++m) {
      if (world_->id(m) == id) return m;
    }
    return UINT32_MAX;
  }

  std::optional<World> world_;
  Key group_ = tree::group_key("label:rack=7");
  std::uint64_t tags_ = 0;
  std::map<std::string, std::map<std::uint32_t, int>> got_;
  std::map<std::uint64_t, bool> published_;
  std::map<std::uint64_t, tree::Totalled> totals_;
  std::map<std::uint64_t, tree::CastEnded> ended_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> offers_;
  std::vector<std::uint32_t> asked_;
};

TEST_F(Trees, a_multicast_from_any_node_reaches_each_member_once_and_nobody_else) {
  come_up(60);
  const auto members = every(3, 60);
  enter(members);
  run_ms(3'000);
  for (std::uint32_t m = 0; m < 60; m += 7) publish(m, fmt::format("from {}", m));
  run_ms(3'000);
  for (std::uint32_t m = 0; m < 60; m += 7) {
    EXPECT_TRUE(wrong(fmt::format("from {}", m), members).empty()) << m;
  }
  ASSERT_EQ(published_.size(), 9U);
  for (const auto& [tag, ok] : published_) EXPECT_TRUE(ok) << tag;
}

TEST_F(Trees, a_ring_of_one_is_a_tree_of_one) {
  come_up(1);
  publish(0, "before");
  enter({0});
  publish(0, "after");
  run_ms(1'000);
  EXPECT_TRUE(wrong("before", {}).empty()) << "who enters later does not hear what was said before";
  EXPECT_TRUE(wrong("after", {0}).empty());
  EXPECT_EQ(total(0).members, 1U);
  EXPECT_EQ(cast(0, [](std::uint32_t) { return true; }).outcome, tree::CastOutcome::Taken);
}

TEST_F(Trees, who_leaves_hears_nothing_more_and_nobody_keeps_an_empty_tree) {
  come_up(30);
  enter(every(2, 30));
  run_ms(3'000);
  for (const std::uint32_t m : every(4, 30)) world_->command(m, tree::LeaveGroup{group_});
  publish(1, "one");
  run_ms(2'000);
  std::vector<std::uint32_t> left;
  for (std::uint32_t m = 2; m < 30; m += 4) left.push_back(m);
  EXPECT_TRUE(wrong("one", left).empty());
  for (const std::uint32_t m : left) world_->command(m, tree::LeaveGroup{group_});
  run_ms(30'000);
  for (std::uint32_t m = 0; m < 30; ++m) EXPECT_EQ(world_->core(m)->tree()->groups(), 0U) << m;
}

TEST_F(Trees, values_are_combined_and_known_to_whoever_asks) {
  come_up(50);
  const auto members = every(2, 50);
  enter(members);
  for (const std::uint32_t m : members) {
    const std::int64_t number = std::int64_t{m} - 10;
    world_->command(m, tree::SetValue{group_, tree::Combine::Sum, tree::Value{number, {}}});
    world_->command(m, tree::SetValue{group_, tree::Combine::Min, tree::Value{number, {}}});
    world_->command(m, tree::SetValue{group_, tree::Combine::Max, tree::Value{number, {}}});
    world_->command(m,
                    tree::SetValue{group_, tree::Combine::Counters,
                                   tree::Value{0, {{fmt::format("parity {}", m / 2 % 2), 1}, {"all", m}}}});
  }
  world_->command(1, tree::SetValue{group_, tree::Combine::Sum, tree::Value{1000, {}}});  // no member
  run_ms(10'000);
  for (const std::uint32_t m : {1U, 2U, 49U}) {
    const tree::Totalled whole = total(m);
    EXPECT_TRUE(whole.known);
    EXPECT_EQ(whole.members, 25U);
    ASSERT_EQ(whole.partials.size(), 4U);
    for (const tree::Partial& partial : whole.partials) {
      EXPECT_EQ(partial.members, 25U);
      const auto number = partial.value.number;
      if (partial.combine == tree::Combine::Sum) {
        EXPECT_EQ(number, 350);
      } else if (partial.combine == tree::Combine::Min) {
        EXPECT_EQ(number, -10);
      } else if (partial.combine == tree::Combine::Max) {
        EXPECT_EQ(number, 38);
      } else {
        const tree::CounterList expected{{"all", 600}, {"parity 0", 13}, {"parity 1", 12}};
        EXPECT_EQ(partial.value.counters, expected);
      }
    }
  }
  world_->command(48, tree::SetValue{group_, tree::Combine::Max, std::nullopt});
  run_ms(8'000);
  for (const tree::Partial& partial : total(3).partials) {
    if (partial.combine == tree::Combine::Max) {
      EXPECT_EQ(partial.value.number, 36);
    }
  }
}

TEST_F(Trees, an_anycast_asks_member_after_member_until_one_takes_it) {
  come_up(40);
  const auto members = every(4, 40);
  enter(members);
  run_ms(3'000);
  int asked = 0;
  const auto third = cast(5, [&](std::uint32_t) { return ++asked == 3; });
  EXPECT_EQ(third.outcome, tree::CastOutcome::Taken);
  ASSERT_EQ(asked_.size(), 3U);
  EXPECT_EQ(machine_of(third.by), asked_[2]);
  asked_.clear();
  EXPECT_EQ(cast(8, [](std::uint32_t) { return true; }).outcome, tree::CastOutcome::Taken);
  EXPECT_EQ(asked_, std::vector<std::uint32_t>{8}) << "nobody is nearer than oneself";
  asked_.clear();
  EXPECT_EQ(cast(6, [](std::uint32_t) { return false; }).outcome, tree::CastOutcome::Nobody);
  std::sort(asked_.begin(), asked_.end());
  EXPECT_EQ(asked_, members) << "each was asked once before it is said that nobody takes it";
  group_ = tree::group_key("empty");
  EXPECT_EQ(cast(6, [](std::uint32_t) { return true; }).outcome, tree::CastOutcome::Nobody);
}

TEST_F(Trees, an_anycast_goes_round_dead_members_and_those_that_do_not_answer) {
  come_up(40);
  enter(every(2, 40));
  run_ms(3'000);
  for (std::uint32_t m = 0; m < 40; m += 8) world_->crash(m, false);
  const auto ended = cast(1, [&](std::uint32_t m) { return m == 38; });
  EXPECT_EQ(ended.outcome, tree::CastOutcome::Taken);
  EXPECT_EQ(machine_of(ended.by), 38U);
}

TEST_F(Trees, a_full_node_hands_newcomers_down) {
  // Nobody but the root begins with the digit of the key: all ways lead straight to it.
  come_up(0);
  Random random(8);
  for (std::uint32_t m = 0; m < 80; ++m) {
    NodeId id = group_;
    while (m > 0 && id.digit(0) == group_.digit(0)) id = NodeId::draw(random);
    world_->add_machine(id);
    world_->start(m, {0}, m == 0);
    run_ms(500);
  }
  run_ms(20'000);
  const auto members = every(1, 80);
  enter(members);
  run_ms(10'000);
  for (const std::uint32_t m : members) {
    const auto view = world_->core(m)->tree()->view(group_);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->root, m == 0);
    EXPECT_TRUE(view->root || view->parent.has_value()) << m;
    EXPECT_LE(view->children, tree::limits::kFanOut);
  }
  EXPECT_EQ(world_->core(0)->tree()->view(group_)->children, tree::limits::kFanOut);
  EXPECT_GE(world_->core(0)->tree()->counters().handed_down, 80U - 1 - tree::limits::kFanOut);
  publish(3, "all");
  run_ms(3'000);
  EXPECT_TRUE(wrong("all", members).empty());
}

TEST_F(Trees, a_new_root_takes_over) {
  come_up(30);
  auto members = every(2, 30);
  enter(members);
  run_ms(3'000);
  const std::uint32_t root = truth_of(*world_).root(group_);
  EXPECT_TRUE(world_->core(root)->tree()->view(group_)->root);
  world_->crash(root, false);
  std::erase(members, root);
  publish(members.front(), "while nobody is root");
  run_ms(6'000);
  EXPECT_TRUE(wrong("while nobody is root", members).empty());
  // A newcomer whose id is the key itself.
  const std::uint32_t newcomer = world_->add_machine(group_);
  world_->start(newcomer, {members.front()});
  run_ms(6'000);
  EXPECT_TRUE(world_->core(newcomer)->tree()->view(group_)->root);
  publish(members.back(), "to the newcomer");
  run_ms(2'000);
  EXPECT_TRUE(wrong("to the newcomer", members).empty());
  EXPECT_EQ(total(members.front()).members, members.size());
}

/// Nodes die and come back, messages are lost, the network parts; then it is calm.
class TreeChurn : public Trees, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  static constexpr std::uint32_t kNodes = 40;

  void begin(std::uint32_t machine) {
    world_->start(machine, {0, 1, 2, 3});
    enter_again(machine);
  }
  void enter_again(std::uint32_t machine) {
    if (machine % 3 == 0) return;
    world_->command(machine, tree::EnterGroup{group_});
    world_->command(machine, tree::SetValue{group_, tree::Combine::Sum, tree::Value{machine, {}}});
  }
  void hurt(Random& random) {
    const auto one = static_cast<std::uint32_t>(random.below(kNodes));
    if (world_->state(one) == MachineState::Off) {
      begin(one);
      for (auto& [payload, got] : got_) got.erase(one);  // another life is another member
    } else if (random.chance(1, 3)) {
      world_->crash(one, random.chance(1, 2));
    } else if (random.chance(1, 3)) {
      world_->pause(one, {static_cast<std::int64_t>(random.below(4 * kSecond))});
    } else if (random.chance(1, 8)) {
      parted_ = !parted_;
      for (std::uint32_t m = 0; m < kNodes; ++m) {
        world_->set_group(m, parted_ && random.chance(1, 2) ? 1 : 0);
      }
    }
  }

  bool parted_ = false;
};

TEST_P(TreeChurn, afterwards_each_live_member_is_reached_once_and_the_whole_is_true) {
  const std::uint64_t seed = GetParam();
  Random random = Random(seed).split(0xC4);
  come_up(kNodes, seed);
  for (std::uint32_t m = 0; m < kNodes; ++m) enter_again(m);
  world_->faults.loss_permille = 20;
  world_->faults.duplicate_permille = 20;
  world_->faults.reorder_permille = 20;
  for (int i = 0; i < 100; ++i) {
    run_ms(300);
    hurt(random);
    const auto from = static_cast<std::uint32_t>(random.below(kNodes));
    if (world_->state(from) == MachineState::Up) publish(from, fmt::format("{}", i));
  }
  world_->faults = {};
  for (std::uint32_t m = 0; m < kNodes; ++m) {
    world_->set_group(m, 0);
    if (world_->state(m) == MachineState::Off && random.chance(1, 2)) begin(m);
  }
  run_ms(60'000);
  for (const auto& [payload, got] : got_) {
    for (const auto& [m, times] : got) EXPECT_EQ(times, 1) << payload << " at " << m;
  }
  std::vector<std::uint32_t> members;
  std::int64_t sum = 0;
  int roots = 0;
  std::uint32_t asker = 0;
  for (std::uint32_t m = 0; m < kNodes; ++m) {
    if (world_->state(m) == MachineState::Off) continue;
    asker = m;
    const auto view = world_->core(m)->tree()->view(group_);
    roots += view && view->root ? 1 : 0;
    if (m % 3 == 0) continue;
    members.push_back(m);
    sum += m;
  }
  EXPECT_EQ(roots, 1);
  publish(asker, "calm");
  run_ms(2'000);
  EXPECT_TRUE(wrong("calm", members).empty());
  const tree::Totalled whole = total(asker);
  EXPECT_EQ(whole.members, members.size());
  ASSERT_EQ(whole.partials.size(), 1U);
  EXPECT_EQ(whole.partials[0].value.number, sum);
  EXPECT_EQ(whole.partials[0].members, members.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, TreeChurn, ::testing::Range(std::uint64_t{1}, std::uint64_t{13}));

TEST(TreeExperiment, is_right_and_the_same_twice) {
  TreeOptions options;
  options.nodes = 300;
  options.members = 80;
  options.seed = 4;
  const auto run = [&] { return run_tree(options, *make_delay_model("plane", Random(1))); };
  const TreeReport report = run();
  EXPECT_TRUE(report.right());
  EXPECT_EQ(report.members, 80U);
  EXPECT_EQ(report.killed, 15U);
  EXPECT_GT(report.orphans, 0U);
  EXPECT_GT(report.reached_again_s, 0);
  EXPECT_LT(report.reached_again_s, 5);
  EXPECT_GE(report.stretch_mean, 1);
  EXPECT_LE(report.busiest_fan_out, tree::limits::kFanOut);
  EXPECT_EQ(run().hash, report.hash);
  options.seed = 5;
  EXPECT_NE(run().hash, report.hash);
}

TEST_F(Trees, a_node_in_no_group_has_nothing_to_do) {
  come_up(3);
  for (std::uint32_t m = 0; m < 3; ++m) {
    const tree::Tree& idle = *world_->core(m)->tree();
    EXPECT_FALSE(idle.next_deadline().has_value());
    EXPECT_EQ(idle.groups(), 0U);
    EXPECT_LT(sizeof(tree::Tree), 2'000U) << "an idle node keeps within 40 kB";
  }
}

}  // namespace
}  // namespace dart::sim
