#include "placement/policy.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "placement/limits.hpp"
#include "unit/placement/problem_maker.hpp"

namespace dart::placement {
namespace {

using Lines = std::vector<std::string>;

TEST(Policies, are_found_by_their_names) {
  std::vector<std::string_view> names;
  for (const Policy* policy : policies()) names.push_back(policy->name());
  EXPECT_EQ(names, (std::vector<std::string_view>{"route", "cost", "random", "central"}));
  EXPECT_EQ(find_policy("cost")->name(), "cost");
  EXPECT_EQ(find_policy("best"), nullptr);
}

TEST(RoutePolicy, puts_one_combine_on_each_node_of_the_merged_ways_and_the_rest_on_the_root) {
  ProblemMaker maker;
  maker.route({{10, {}}, {11, {}}, {12, {}}, {99, {}}});
  maker.route({{20, {}}, {21, {}}, {12, {}}, {99, {}}});
  maker.route({{30, {}}, {99, {}}});
  maker.route({{99, {}}});
  EXPECT_EQ(lines(maker.place("route")),
            (Lines{"0.0 @ 10 -> 1.0", "0.1 @ 20 -> 1.2", "0.2 @ 30 -> 2.0", "0.3 @ 99 -> 2.0",
                   "1.0 @ 11 -> 1.1", "1.1 @ 12 -> 2.0", "1.2 @ 21 -> 1.1", "2.0 @ 99"}));
}

TEST(RoutePolicy, has_no_combine_where_the_query_has_none) {
  ProblemMaker maker;
  maker.spec.stages.erase(maker.spec.stages.begin() + 1);
  maker.spec.edges = {{0, 1, EdgeKind::Merge}};
  maker.route({{10, {}}, {11, {}}, {99, {}}});
  EXPECT_EQ(lines(maker.place("route")), (Lines{"0.0 @ 10 -> 1.0", "1.0 @ 99"}));
}

TEST(RoutePolicy, knows_no_circles_whatever_the_ways_say) {
  ProblemMaker maker;
  maker.route({{10, {}}, {11, {}}, {12, {}}, {99, {}}});
  maker.route({{20, {}}, {12, {}}, {11, {}}, {99, {}}});                      // against the first
  maker.route({{30, {}}, {31, {}}, {32, {}}, {31, {}}, {33, {}}, {99, {}}});  // visits 31 twice
  maker.route({{40, {}}, {99, {}}, {41, {}}, {99, {}}});                      // by way of the root itself
  maker.route({{50, {}}, {51, {}}, {50, {}}, {52, {}}, {99, {}}});            // by way of its own node
  EXPECT_EQ(lines(maker.place("route")),
            (Lines{"0.0 @ 10 -> 1.0", "0.1 @ 20 -> 1.1", "0.2 @ 30 -> 1.2", "0.3 @ 40 -> 2.0",
                   "0.4 @ 50 -> 1.4", "1.0 @ 11 -> 1.1", "1.1 @ 12 -> 2.0", "1.2 @ 31 -> 1.3",
                   "1.3 @ 33 -> 2.0", "1.4 @ 52 -> 2.0", "2.0 @ 99"}));
}

TEST(RoutePolicy, gives_other_partitions_to_the_leaves_of_the_root_and_sends_to_all) {
  ProblemMaker maker;
  maker.spec.stages[2].partitions = 3;
  StageShape result;
  result.role = StageRole::Result;
  result.nodes = {ProblemMaker::handle(10)};
  maker.spec.stages.push_back(result);
  maker.spec.edges.push_back({2, 3, EdgeKind::Merge});
  maker.route({{10, {}}, {99, {97, 98}}});
  EXPECT_EQ(lines(maker.place("route")), (Lines{"0.0 @ 10 -> 2.0 2.1 2.2", "2.0 @ 99 -> 3.0",
                                                "2.1 @ 97 -> 3.0", "2.2 @ 98 -> 3.0", "3.0 @ 10"}));
}

TEST(RoutePolicy, lets_a_leaf_stand_in_for_a_node_that_refuses) {
  ProblemMaker maker;
  maker.route({{10, {}}, {11, {14, 13}}, {99, {98}}});
  const auto choices = maker.place("route");
  std::vector<std::uint32_t> asked;
  for (const Candidate& it : choices[1].candidates) asked.push_back(ProblemMaker::number(it.node));
  EXPECT_EQ(asked, (std::vector<std::uint32_t>{11, 14, 13}));
  EXPECT_EQ(choices[0].candidates.size(), 1U) << "a reader has its own node alone";
}

TEST(Policies, place_nothing_before_a_reader_was_heard_of) {
  const ProblemMaker maker;
  for (const Policy* policy : policies()) EXPECT_TRUE(maker.place(policy->name()).empty()) << policy->name();
}

TEST(CentralPolicy, puts_all_on_the_root) {
  ProblemMaker maker;
  maker.spec.stages[2].partitions = 2;
  maker.route({{10, {}}, {11, {}}, {99, {98}}});
  maker.route({{20, {}}, {11, {}}, {99, {98}}});
  EXPECT_EQ(lines(maker.place("central")),
            (Lines{"0.0 @ 10 -> 2.0 2.1", "0.1 @ 20 -> 2.0 2.1", "2.0 @ 99", "2.1 @ 99"}));
}

TEST(RandomPolicy, takes_all_that_were_seen_alike) {
  ProblemMaker maker;
  maker.route({{10, {13}}, {11, {12}}, {14, {}}});
  std::map<std::uint32_t, int> hosts;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const auto choices = maker.place("random", seed);
    ASSERT_EQ(choices.size(), 3U);
    std::set<NodeId> different;
    for (const Candidate& it : choices[2].candidates) different.insert(it.node.id);
    EXPECT_EQ(different.size(), limits::kTries);
    ++hosts[ProblemMaker::number(choices[2].candidates.front().node)];
  }
  ASSERT_EQ(hosts.size(), 5U);
  for (const auto& [node, times] : hosts) EXPECT_GT(times, 140) << node;
}

TEST(CostPolicy, takes_the_node_between_the_readers) {
  ProblemMaker maker;
  maker.route({{100, {}}, {300, {160, 500}}, {400, {390}}});
  maker.route({{200, {}}, {300, {160, 500}}, {400, {390}}});
  // By delay alone every node from 100 to 200 would do; the others are far behind.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto choices = maker.place("cost", seed);
    const std::uint32_t host = ProblemMaker::number(choices.back().candidates.front().node);
    EXPECT_GE(host, 100U);
    EXPECT_LE(host, 200U);
    EXPECT_EQ(choices.size(), 3U) << "no Combine where nobody knows how many rows there are";
  }
}

TEST(CostPolicy, weighs_readers_by_their_rows) {
  ProblemMaker maker;
  StageShape busy;
  busy.role = StageRole::Source;
  busy.rows_per_s = 1000;
  busy.bytes_per_row = 100;
  StageShape calm = busy;
  calm.rows_per_s = 10;
  maker.spec.stages = {busy, calm, maker.spec.stages[2]};
  maker.spec.edges = {{0, 2, EdgeKind::Hash}, {1, 2, EdgeKind::Hash}};
  maker.route({{100, {}}, {150, {}}, {200, {110, 190}}});
  maker.route({{200, {}}});
  maker.routes[1].reader = {1, 0};
  const auto near_busy = lines(maker.place("cost"));
  EXPECT_THAT(near_busy.back(), ::testing::AnyOf("2.0 @ 100", "2.0 @ 110"));
  std::swap(maker.spec.stages[0], maker.spec.stages[1]);
  const auto near_calm = lines(maker.place("cost"));
  EXPECT_THAT(near_calm.back(), ::testing::AnyOf("2.0 @ 200", "2.0 @ 190"));
}

TEST(CostPolicy, goes_where_the_sink_is_pinned_and_nowhere_else) {
  ProblemMaker maker;
  maker.spec.stages[2].nodes = {ProblemMaker::handle(700)};
  maker.route({{100, {}}, {150, {}}, {200, {110, 190}}});
  for (const Policy* policy : policies()) {
    const auto choices = maker.place(policy->name());
    ASSERT_EQ(choices.back().candidates.size(), 1U) << policy->name();
    EXPECT_EQ(ProblemMaker::number(choices.back().candidates.front().node), 700U) << policy->name();
  }
}

TEST(CostPolicy, finds_a_pinned_result_by_the_join_of_its_node) {
  ProblemMaker maker;
  StageShape result;
  result.role = StageRole::Result;
  result.label = "node=archive";
  maker.spec.stages.push_back(result);
  maker.spec.edges.push_back({2, 3, EdgeKind::Merge});
  maker.route({{100, {}}, {900, {}}});
  maker.route({{500, {}}, {900, {}}});
  maker.routes[1].reader = {3, 0};
  for (const Policy* policy : policies()) {
    const auto choices = maker.place(policy->name());
    ASSERT_EQ(choices.size(), 3U) << policy->name();
    EXPECT_EQ(lines(choices).back(), "3.0 @ 500") << policy->name();
  }
  EXPECT_NE(lines(maker.place("cost"))[1], "2.0 @ 900 -> 3.0") << "out of the way";
}

TEST(CostPolicy, avoids_who_is_busy_full_or_short_of_memory) {
  const auto host_with = [](const Load& load) {
    ProblemMaker maker;
    maker.loads = {{150, load}};
    maker.route({{100, {}}, {150, {175}}, {400, {}}});
    maker.route({{200, {}}, {150, {175}}, {400, {}}});
    maker.loads.emplace_back(100, Load{1000, 100'000, 20, 0, 0});
    std::set<std::uint32_t> hosts;
    for (Route& route : maker.routes) {
      // The readers' own nodes are no choice here.
      route.hops.front().self.load = {1000, 500'000, 50, 1, 0};
    }
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      hosts.insert(ProblemMaker::number(maker.place("cost", seed).back().candidates.front().node));
    }
    return hosts;
  };
  using Hosts = std::set<std::uint32_t>;
  const std::uint64_t enough = 1U << 30;
  EXPECT_TRUE(host_with({0, 0, 0, 0, enough}).contains(150));
  EXPECT_EQ(host_with({1000, 0, 0, 0, enough}), Hosts{175}) << "no core free";
  EXPECT_EQ(host_with({0, 100'000, 0, 0, enough}), Hosts{175}) << "rows wait";
  EXPECT_EQ(host_with({0, 0, 5, 0, enough}), Hosts{175}) << "instances";
  EXPECT_EQ(host_with({0, 0, 1, 1, enough}), Hosts{175}) << "full";
  EXPECT_EQ(host_with({0, 0, 0, 0, 1000}), Hosts{175}) << "no memory";
}

TEST(CostPolicy, asks_the_full_last) {
  ProblemMaker maker;
  maker.loads = {{100, {0, 0, 8, 8, 1U << 30}}, {101, {0, 0, 8, 8, 1U << 30}}, {400, {0, 0, 0, 0, 1U << 30}}};
  maker.route({{100, {}}, {101, {}}, {400, {}}});
  const auto choices = maker.place("cost");
  ASSERT_EQ(choices.back().candidates.size(), 3U);
  EXPECT_EQ(ProblemMaker::number(choices.back().candidates.front().node), 400U);
}

TEST(CostPolicy, does_not_herd) {
  // Many queries that see the same sixteen nodes, alike but for a millisecond, and know nothing of each
  // other.
  ProblemMaker maker;
  std::vector<std::uint32_t> leaves;
  for (std::uint32_t n = 1001; n <= 1016; ++n) leaves.push_back(n);
  maker.route({{800, {}}, {1200, leaves}});
  maker.route({{1210, {}}, {1200, leaves}});
  maker.loads = {
      {800, {0, 0, 9, 0, 1U << 30}}, {1210, {0, 0, 9, 0, 1U << 30}}, {1200, {0, 0, 9, 0, 1U << 30}}};
  for (Route& route : maker.routes) {
    for (Hop& hop : route.hops) hop.self = maker.at(ProblemMaker::number(hop.self.node));
  }
  std::map<std::uint32_t, int> hosts;
  for (std::uint64_t seed = 1; seed <= 160; ++seed) {
    ++hosts[ProblemMaker::number(maker.place("cost", seed).back().candidates.front().node)];
  }
  EXPECT_GE(hosts.size(), 12U);
  for (const auto& [node, times] : hosts) EXPECT_LE(times, 40) << node;
}

TEST(CostPolicy, puts_partitions_on_different_nodes_where_that_costs_little) {
  ProblemMaker maker;
  maker.spec.stages[2].partitions = 4;
  maker.route({{100, {101, 102, 103}}, {104, {105, 106, 107}}, {108, {109, 110}}});
  const auto choices = maker.place("cost");
  std::set<NodeId> hosts;
  for (const Choice& choice : choices) {
    if (choice.id.stage == 2) hosts.insert(choice.candidates.front().node.id);
  }
  EXPECT_EQ(hosts.size(), 4U);
}

/// Two readers side by side, whose ways meet near them, and a sink far away.
ProblemMaker far_sink(double rows_per_s, double selectivity) {
  ProblemMaker maker;
  maker.spec.stages[0].rows_per_s = rows_per_s;
  maker.spec.stages[0].bytes_per_row = 100;
  maker.spec.stages[1].selectivity = selectivity;
  maker.spec.stages[2].nodes = {ProblemMaker::handle(500)};
  maker.route({{100, {}}, {110, {111}}, {500, {}}});
  maker.route({{104, {}}, {110, {111}}, {500, {}}});
  return maker;
}

TEST(CostPolicy, combines_where_ways_meet_and_it_saves_bytes) {
  const auto combined = lines(far_sink(1000, 0.5).place("cost"));
  ASSERT_EQ(combined.size(), 4U);
  EXPECT_EQ(combined[0], "0.0 @ 100 -> 1.0");
  EXPECT_EQ(combined[1], "0.1 @ 104 -> 1.0");
  EXPECT_THAT(combined[2], ::testing::AnyOf("1.0 @ 110 -> 2.0", "1.0 @ 111 -> 2.0"));
  EXPECT_EQ(combined[3], "2.0 @ 500");
  const Lines apart{"0.0 @ 100 -> 2.0", "0.1 @ 104 -> 2.0", "2.0 @ 500"};
  EXPECT_EQ(lines(far_sink(1000, 1).place("cost")), apart) << "saves nothing";
  EXPECT_EQ(lines(far_sink(0, 0.5).place("cost")), apart) << "nobody knows what it would save";
}

TEST(CostPolicy, does_not_combine_out_of_the_way) {
  ProblemMaker maker = far_sink(1000, 0.5);
  for (Route& route : maker.routes) {
    route.hops[1].self = maker.at(900);
    route.hops[1].leaves.clear();
  }
  EXPECT_EQ(maker.place("cost").size(), 3U);
}

TEST(CostPolicy, bounds_what_one_instance_takes_in) {
  ProblemMaker maker;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    maker.route({{1000 + n, {}}, {10 + n % 7, {20, 21}}, {50, {51, 52, 53}}});
  }
  const auto choices = maker.place("cost");
  std::map<InstanceId, int> inputs;
  for (const Choice& choice : choices) {
    ASSERT_EQ(choice.to.size(), choice.id.stage == 2 ? 0U : 1U);
    for (const InstanceId& to : choice.to) ++inputs[to];
  }
  for (const auto& [id, count] : inputs) EXPECT_LE(count, 16) << id.stage << "." << id.number;
  EXPECT_EQ(estimate(maker.spec, first_of(choices), {}).source_to_sink.size(), 1000U);
  // Everybody's rows come to the sink.
  std::map<InstanceId, InstanceId> next;
  for (const Choice& choice : choices) {
    if (!choice.to.empty()) next[choice.id] = choice.to.front();
  }
  for (std::uint32_t n = 0; n < 1000; ++n) {
    InstanceId at{0, n};
    for (int steps = 0; next.contains(at); ++steps) {
      ASSERT_LT(steps, 10);
      at = next[at];
    }
    EXPECT_EQ(at, (InstanceId{2, 0}));
  }
}

TEST(CostPolicy, stays_where_it_runs_when_hardly_anything_is_gained) {
  ProblemMaker maker;
  maker.route({{1000, {}}, {1300, {1296, 1298, 1302, 1304}}, {1600, {}}});
  maker.route({{1590, {}}, {1300, {1296, 1298, 1302, 1304}}, {1600, {}}});
  maker.now = {{{2, 0}, ProblemMaker::handle(1304), {}, false}};
  maker.loads = {{1304, {0, 0, 1, 0, 1U << 30}},
                 {1590, {0, 0, 9, 0, 1U << 30}},
                 {1000, {0, 0, 9, 0, 1U << 30}},
                 {1600, {0, 0, 9, 0, 1U << 30}}};
  for (Route& route : maker.routes) {
    for (Hop& hop : route.hops) {
      hop.self = maker.at(ProblemMaker::number(hop.self.node));
      for (Candidate& leaf : hop.leaves) leaf = maker.at(ProblemMaker::number(leaf.node));
    }
  }
  int stayed = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    stayed += lines(maker.place("cost", seed)).back() == "2.0 @ 1304" ? 1 : 0;
  }
  EXPECT_GE(stayed, 20) << "one of five alike would be drawn 10 times";
}

TEST(Policies, are_pure) {
  ProblemMaker maker;
  maker.spec.stages[2].partitions = 3;
  maker.route({{100, {101, 140}}, {120, {121}}, {200, {190, 210}}});
  maker.route({{180, {181}}, {120, {121}}, {200, {190, 210}}});
  for (const Policy* policy : policies()) {
    EXPECT_EQ(lines(maker.place(policy->name(), 7)), lines(maker.place(policy->name(), 7)));
  }
}

TEST(Estimate, adds_up_delays_and_bytes) {
  ProblemMaker maker;
  maker.spec.stages[0].rows_per_s = 100;
  maker.spec.stages[0].bytes_per_row = 10;
  maker.spec.stages[1].selectivity = 0.5;
  maker.spec.stages[1].bytes_per_row = 20;
  maker.spec.stages[2].partitions = 2;
  const std::vector<Placed> placed{
      {{0, 0}, ProblemMaker::handle(0), {{1, 0}}, false},
      {{0, 1}, ProblemMaker::handle(40), {{2, 0}, {2, 1}}, false},
      {{1, 0}, ProblemMaker::handle(10), {{2, 0}, {2, 1}}, false},
      {{2, 0}, ProblemMaker::handle(40), {}, false},
      {{2, 1}, ProblemMaker::handle(60), {}, false},
  };
  const std::vector<Candidate> known{maker.at(0), maker.at(10), maker.at(40), maker.at(60)};
  const Estimate it = estimate(maker.spec, placed, known);
  ASSERT_EQ(it.source_to_sink.size(), 2U);
  EXPECT_EQ(it.source_to_sink[0].us, 5'000 + 25'000) << "to the partition that is farther away";
  EXPECT_EQ(it.source_to_sink[1].us, 10'000);
  // 100 rows to the Combine; 50 rows of 20 bytes from it. The second reader sends to all what no key deals
  // out.
  EXPECT_DOUBLE_EQ(it.bytes_per_s, 1000 + 50 * 20 + 1000);
}

TEST(Estimate, endures_a_record_that_goes_in_circles) {
  const ProblemMaker maker;
  const std::vector<Placed> placed{
      {{0, 0}, ProblemMaker::handle(0), {{1, 0}}, false},
      {{1, 0}, ProblemMaker::handle(10), {{1, 1}, {7, 7}}, false},
      {{1, 1}, ProblemMaker::handle(20), {{1, 0}}, false},
      {{9, 1}, ProblemMaker::handle(20), {{1, 0}}, false},
  };
  const Estimate it = estimate(maker.spec, placed, {});
  EXPECT_EQ(it.source_to_sink.size(), 1U);
}

}  // namespace
}  // namespace dart::placement
