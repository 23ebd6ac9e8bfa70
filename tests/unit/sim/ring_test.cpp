#include <gtest/gtest.h>

#include <cstdlib>

#include "sim/chaos.hpp"
#include "sim/checkers.hpp"
#include "sim/directory_chaos.hpp"
#include "sim/route_experiment.hpp"
#include "sim/world.hpp"

namespace dart::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::unique_ptr<DelayModel> delays(std::string_view name = "plane") {
  return *make_delay_model(name, Random(1));
}

TEST(Route, every_request_ends_at_its_root_in_few_hops) {
  for (const auto* model : {"plane", "sphere", "transit-stub"}) {
    RouteOptions options;
    options.nodes = 300;
    options.seed = 3;
    options.sinks = 0;
    const RouteReport report = run_route(options, delays(model));
    EXPECT_EQ(report.joined, 300U) << model;
    EXPECT_EQ(report.delivered, 300U) << model;
    EXPECT_EQ(report.wrong_root, 0U) << model;
    EXPECT_LE(report.figures.hops_max, 5U) << model;
    EXPECT_LT(report.figures.hops_mean, 2.5) << model;
    EXPECT_LT(report.state_bytes_mean, 25'000) << model;
    ASSERT_EQ(report.figures.levels.front().appearances, 300U) << model;
  }
}

TEST(Route, one_seed_is_one_run) {
  RouteOptions options;
  options.nodes = 60;
  options.seed = 9;
  const RouteReport one = run_route(options, delays());
  const RouteReport two = run_route(options, delays());
  EXPECT_EQ(one.events, two.events);
  EXPECT_EQ(one.paths, two.paths);
  options.seed = 10;
  EXPECT_NE(run_route(options, delays()).paths, one.paths);
}

TEST(DelayModels, are_symmetric_and_read_a_matrix) {
  const auto matrix = make_delay_model("matrix", Random(1), "0,20,0\n20,0,40\n0,40,0\n");
  ASSERT_TRUE(matrix.has_value());
  Random random(2);
  for (int i = 0; i < 3; ++i) (*matrix)->add_machine(random);
  EXPECT_EQ((*matrix)->delay(0, 2), (*matrix)->delay(2, 0));
  EXPECT_GT((*matrix)->delay(0, 2), (*matrix)->delay(0, 1)) << "an unmeasured pair goes through a third site";
  EXPECT_FALSE(make_delay_model("matrix", Random(1), "0,1\n1\n").has_value());
  EXPECT_FALSE(make_delay_model("flat", Random(1)).has_value());
}

class Ring : public ::testing::Test {
 protected:
  World make(std::uint32_t nodes) {
    WorldOptions options;
    options.seed = 5;
    options.codec_every = 1;
    options.check_every = 1;
    World world(options, delays());
    for (std::uint32_t i = 0; i < nodes; ++i) world.add_machine();
    world.start(0, {}, true);
    for (std::uint32_t i = 1; i < nodes; ++i) {
      world.start(i, {0});
      world.run_until(world.now() + Duration{2 * kSecond});
    }
    EXPECT_EQ(wrong_leaf_set(world), "");
    return world;
  }
  static void expect_healed_within(World& world, int seconds) {
    for (int i = 0; i < seconds && !wrong_leaf_set(world).empty(); ++i) {
      world.run_until(world.now() + Duration{kSecond});
    }
    EXPECT_EQ(wrong_leaf_set(world), "");
  }
};

TEST_F(Ring, all_nodes_lose_power_and_form_one_ring_again_without_seeds) {
  World world = make(8);
  for (std::uint32_t i = 0; i < 8; ++i) world.crash(i, false);
  world.run_until(world.now() + Duration{5 * kSecond});
  for (const std::uint32_t i : {5U, 2U, 7U, 0U, 1U, 6U, 3U, 4U}) {
    world.start(i, {});
    world.run_until(world.now() + Duration{kSecond});
  }
  expect_healed_within(world, 90);
}

TEST_F(Ring, a_partition_heals_to_one_ring) {
  World world = make(16);
  for (std::uint32_t i = 0; i < 16; ++i) world.set_group(i, i % 2);
  world.run_until(world.now() + Duration{120 * kSecond});
  const Key key = world.id(3);
  std::uint32_t roots = 0;
  for (std::uint32_t i = 0; i < 16; ++i) roots += answers(world, i, key) ? 1U : 0U;
  EXPECT_EQ(roots, 2U) << "each side has a root of its own";
  for (std::uint32_t i = 0; i < 16; ++i) world.set_group(i, 0);
  expect_healed_within(world, 60);
  roots = 0;
  for (std::uint32_t i = 0; i < 16; ++i) roots += answers(world, i, key) ? 1U : 0U;
  EXPECT_EQ(roots, 1U);
}

TEST_F(Ring, a_refused_connection_is_a_death_at_once) {
  World world = make(12);
  const std::int64_t start = world.now().us;
  world.crash(4, true);
  while (!wrong_leaf_set(world).empty() && world.now().us - start < 2 * kSecond) {
    world.run_until(world.now() + Duration{50'000});
  }
  // Heartbeats go out every 400 ms; the first one that is refused starts it.
  EXPECT_LT(world.now().us - start, 1'500'000);
}

TEST_F(Ring, leaf_sets_that_just_meet_are_repaired_after_deaths_side_by_side) {
  for (const std::uint32_t nodes : {16U, 20U, 24U, 26U}) {
    World world = make(nodes);
    const RingTruth truth = truth_of(world);
    for (std::size_t i = 0; i < 3; ++i) world.crash(truth.at(5 + i), false);
    for (int i = 0; i < 20 && !wrong_leaf_set(world).empty(); ++i) {
      world.run_until(world.now() + Duration{kSecond});
    }
    EXPECT_EQ(wrong_leaf_set(world), "") << "of " << nodes;
  }
}

TEST_F(Ring, a_newcomer_that_is_refused_once_it_is_admitted_does_not_flood_the_ring) {
  // One of them is the one that it joined through.
  for (std::uint32_t refusing = 0; refusing < 3; ++refusing) {
    World world = make(3);
    const std::uint32_t late = world.add_machine();
    world.start(late, {0});
    const auto admitted = [&] {
      const auto& node = world.core(late)->overlay();
      return node.phase() == overlay::Phase::Member && !node.joined();
    };
    for (int i = 0; i < 2'000 && !admitted(); ++i) world.run_until(world.now() + Duration{1'000});
    ASSERT_TRUE(admitted());
    world.reject(late, refusing);
    // In small steps: each refusal that brings forth more than one message doubles them within a round trip.
    const std::uint64_t before = world.totals().messages;
    for (int i = 0; i < 200; ++i) {
      world.run_until(world.now() + Duration{20'000});
      ASSERT_LT(world.totals().messages - before, 2000U) << "after " << 20 * (i + 1) << " ms";
    }
    world.accept(late, refusing);
    expect_healed_within(world, 30);
  }
}

TEST_F(Ring, a_pause_is_survived_without_a_second_life) {
  World world = make(12);
  world.pause(6, {5 * kSecond});
  world.run_until(world.now() + Duration{4 * kSecond});
  EXPECT_EQ(world.state(6), MachineState::Paused);
  for (std::uint32_t i = 0; i < 12; ++i) {
    if (i == 6) continue;
    for (const auto& leaf : world.core(i)->view().left) EXPECT_NE(World::machine_of(leaf.node), 6U);
  }
  world.run_until(world.now() + Duration{2 * kSecond});
  expect_healed_within(world, 30);
  EXPECT_EQ(world.core(6)->overlay().self().incarnation, 1U);
}

TEST_F(Ring, a_copy_of_a_living_node_is_refused) {
  World world = make(10);
  const std::uint32_t copy = world.add_machine(world.id(3));
  world.disk(copy) = world.disk(3);
  world.start(copy, {1, 2});
  world.run_until(world.now() + Duration{15 * kSecond});
  EXPECT_EQ(world.state(copy), MachineState::Off);
  EXPECT_EQ(world.state(3), MachineState::Up);
  EXPECT_TRUE(world.core(3)->overlay().joined());
}

TEST_F(Ring, replica_sets_and_ranges_agree_with_the_list) {
  World world = make(9);
  const RingTruth truth = truth_of(world);
  Random random(8);
  for (int i = 0; i < 50; ++i) {
    const Key key = NodeId::draw(random);
    const auto& root = world.core(truth.root(key))->overlay();
    const auto replicas = root.replica_set(key, 3);
    ASSERT_EQ(replicas.size(), 3U);
    EXPECT_EQ(World::machine_of(replicas[0]), truth.root(key));
    for (std::size_t rank = 0; rank < 3; ++rank) {
      const auto range = root.range_of(replicas[rank].id, rank);
      ASSERT_TRUE(range.has_value());
      EXPECT_TRUE(range->first.clockwise_to(key) <= range->first.clockwise_to(range->last));
    }
  }
}

TEST(Chaos, random_runs_break_no_promise) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    ChaosOptions options;
    options.seed = seed;
    options.nodes = 32;
    const ChaosReport report = run_chaos(options);
    EXPECT_EQ(report.violation_count, 0U) << "seed " << seed << ": " << report.violations.front();
    EXPECT_EQ(report.hash, run_chaos(options).hash) << "seed " << seed;
    EXPECT_GT(report.delivered, 100U);
  }
}

TEST(Chaos, firm_records_behave_like_registers) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    DirectoryChaosOptions options;
    options.seed = seed;
    const DirectoryChaosReport report = run_directory_chaos(options);
    EXPECT_EQ(report.violation_count, 0U) << "seed " << seed << ": " << report.violations.front();
    EXPECT_EQ(report.hash, run_directory_chaos(options).hash) << "seed " << seed;
    EXPECT_GT(report.ok + report.conflicts, 50U);
    EXPECT_GE(report.groups, 64U * directory::limits::kGroup) << "groups follow the ring";
  }
}

/// A ring of three: all three hold each shard, and it survives the loss of one.
TEST(Directory, a_small_ring_keeps_its_records_when_one_dies) {
  WorldOptions options;
  options.seed = 4;
  options.directory.emplace();
  World world(options, delays());
  for (int i = 0; i < 3; ++i) world.add_machine();
  world.start(0, {}, true);
  world.start(1, {0});
  world.start(2, {0});
  world.run_until(world.now() + Duration{20 * kSecond});

  struct Answers final : Observer {
    void on_action(std::uint32_t, const node::Action& action) override {
      if (const auto* done = std::get_if<directory::Completed>(&action)) answers.push_back(done->answer);
    }
    std::vector<directory::Answer> answers;
  } observer;
  world.set_observer(&observer);
  Random random(1);
  const auto ask = [&](std::uint32_t machine, directory::Operation operation, std::uint64_t expected) {
    observer.answers.clear();
    world.command(machine, directory::Command{1, NodeId::draw(random), operation, "name", expected, "value"});
    world.run_until(world.now() + Duration{12 * kSecond});
    return observer.answers.empty() ? directory::Answer{} : observer.answers.front();
  };
  EXPECT_EQ(ask(0, directory::Operation::Set, 0).version, 1U);
  EXPECT_EQ(ask(1, directory::Operation::Set, 0).outcome, directory::Outcome::Conflict);
  world.crash(2, false);
  const auto after = ask(1, directory::Operation::Set, 1);
  EXPECT_EQ(after.outcome, directory::Outcome::Ok);
  EXPECT_EQ(after.version, 2U);
  world.crash(1, false);
  EXPECT_EQ(ask(0, directory::Operation::Get, 0).outcome, directory::Outcome::Unavailable);
  world.start(1, {0});
  world.run_until(world.now() + Duration{20 * kSecond});
  const auto back = ask(1, directory::Operation::Get, 0);
  EXPECT_EQ(back.outcome, directory::Outcome::Ok);
  EXPECT_EQ(back.value, "value");
  EXPECT_EQ(back.version, 2U);
}

TEST(Chaos, the_quiet_profile_breaks_no_promise) {
  ChaosOptions options;
  options.config = overlay::quiet_profile();
  const ChaosReport report = run_chaos(options);
  EXPECT_EQ(report.violation_count, 0U) << report.violations.front();
  EXPECT_GT(report.delivered, 100U);
}

}  // namespace
}  // namespace dart::sim
