#include <gtest/gtest.h>

#include <algorithm>

#include "placement/record_codec.hpp"
#include "sim/checkers.hpp"
#include "unit/sim/query_ring.hpp"

namespace dart::sim {
namespace {

using placement::EdgeKind;
using placement::QuerySpec;
using placement::QueryState;
using placement::RequestKind;
using placement::StageRole;
using placement::StageShape;

/// Readers at all nodes with a label, and one Main that takes their rows.
QuerySpec spec_of(const std::string& name, const std::string& label, const std::string& text = "SELECT 1") {
  QuerySpec spec;
  spec.name = name;
  spec.text = text;
  spec.program = "program";
  StageShape source;
  source.role = StageRole::Source;
  source.label = label;
  StageShape main;
  main.role = StageRole::Main;
  spec.stages = {source, main};
  spec.edges = {{0, 1, EdgeKind::Merge}};
  return spec;
}

class Queries : public ::testing::Test {
 protected:
  explicit Queries(std::uint32_t nodes = 12) : ring_(nodes) {}

  [[nodiscard]] std::uint32_t host_of_main(const std::string& name) const {
    for (const auto& [machine, id] : ring_.places(name)) {
      if (id.stage == 1) return machine;
    }
    return UINT32_MAX;
  }
  [[nodiscard]] std::uint64_t run_of(const std::string& name) const {
    std::uint64_t run = 0;
    for (const auto& [place, instance] : ring_.running) {
      if (instance.name == name) run = std::max(run, instance.run);
    }
    return run;
  }
  /// Every instance that runs is of one run and one epoch, and so many of them do.
  [[nodiscard]] bool whole(const std::string& name, std::size_t instances, std::uint64_t run) const {
    std::size_t found = 0;
    std::set<std::uint64_t> epochs;
    for (const auto& [place, instance] : ring_.running) {
      if (instance.name != name) continue;
      if (instance.run != run) return false;
      epochs.insert(instance.epoch);
      ++found;
    }
    return found == instances && epochs.size() == 1;
  }

  QueryRing ring_;
};

TEST_F(Queries, a_query_handed_to_any_node_runs_where_its_readers_are) {
  const auto done = ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7"));
  ASSERT_TRUE(done.ok) << done.message;
  EXPECT_TRUE(done.changed);
  const auto places = ring_.places("one");
  ASSERT_EQ(places.size(), 2U);
  EXPECT_TRUE(std::any_of(places.begin(), places.end(),
                          [](const auto& place) { return place.first == 7 && place.second.stage == 0; }));
  EXPECT_EQ(ring_.scheduler("one"), truth_of(*ring_.world).root(placement::query_key("one")));
}

TEST_F(Queries, the_same_text_again_changes_nothing_and_another_is_refused) {
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7")).ok);
  const auto before = ring_.running;
  const auto again = ring_.ask(5, RequestKind::Submit, "one", spec_of("one", "node=n7"));
  EXPECT_TRUE(again.ok);
  EXPECT_FALSE(again.changed);
  const auto other = ring_.ask(6, RequestKind::Submit, "one", spec_of("one", "node=n7", "SELECT 2"));
  EXPECT_FALSE(other.ok);
  EXPECT_EQ(other.message, "a query with another text has this name");
  EXPECT_EQ(ring_.running, before);
}

TEST_F(Queries, two_nodes_that_submit_one_name_at_once_get_one_winner) {
  for (const std::string text : {"SELECT 1", "SELECT 2"}) {
    ring_.world->command(text == "SELECT 1" ? 2 : 9,
                         placement::Request{text == "SELECT 1" ? 901U : 902U, RequestKind::Submit, "race",
                                            spec_of("race", "node=n4", text)});
  }
  ring_.run_until([&] { return ring_.answers.contains(901) && ring_.answers.contains(902); }, 20);
  EXPECT_NE(ring_.answers[901].ok, ring_.answers[902].ok);
  const auto& lost = ring_.answers[901].ok ? ring_.answers[902] : ring_.answers[901];
  EXPECT_EQ(lost.message, "a query with another text has this name");
}

TEST_F(Queries, without_a_reader_it_is_refused_with_the_reason) {
  const auto done = ring_.ask(3, RequestKind::Submit, "none", spec_of("none", "role=absent"));
  EXPECT_FALSE(done.ok);
  EXPECT_EQ(done.message, "no node of the ring has the label 'role=absent'");
  EXPECT_TRUE(ring_.running.empty());
}

TEST_F(Queries, a_source_that_cannot_be_opened_fails_the_query_with_its_reason) {
  ring_.unopenable[7] = "cannot open 'trips.csv'";
  const auto done = ring_.ask(3, RequestKind::Submit, "bad", spec_of("bad", "node=n7"));
  EXPECT_FALSE(done.ok);
  EXPECT_EQ(done.message, "reader 0: cannot open 'trips.csv'");
  ring_.run(2);
  EXPECT_TRUE(ring_.places("bad").empty());
}

TEST_F(Queries, a_dead_host_is_replaced_and_all_begins_anew_under_a_higher_epoch) {
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7")).ok);
  const std::uint32_t victim = host_of_main("one");
  ASSERT_EQ(run_of("one"), 1U);
  ring_.crash(victim);
  const bool reader_too = victim == 7;
  const double took = ring_.run_until([&] { return whole("one", reader_too ? 1 : 2, 2); }, 20);
  if (!reader_too) {
    EXPECT_GE(took, 0);
    EXPECT_LT(took, 5);
    EXPECT_NE(host_of_main("one"), victim);
  }
}

TEST_F(Queries, a_dead_scheduler_is_followed_by_the_next_root) {
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7")).ok);
  const std::uint32_t first = *ring_.scheduler("one");
  ASSERT_NE(first, 7U);
  ring_.crash(first);
  ring_.run(10);
  const auto next = ring_.scheduler("one");
  ASSERT_TRUE(next);
  EXPECT_NE(*next, first);
  const auto drop = ring_.ask(first == 5 ? 6 : 5, RequestKind::Drop, "one");
  EXPECT_TRUE(drop.ok) << drop.message;
  ring_.run(1);
  EXPECT_TRUE(ring_.places("one").empty());
}

TEST_F(Queries, pause_holds_the_sources_and_resume_lets_them_go_on) {
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7")).ok);
  ASSERT_TRUE(ring_.ask(4, RequestKind::Pause, "one").ok);
  ring_.run(1);
  const auto held = [&] {
    return std::any_of(ring_.running.begin(), ring_.running.end(),
                       [](const auto& one) { return one.first.second.stage == 0 && one.second.held; });
  };
  EXPECT_TRUE(held());
  EXPECT_FALSE(ring_.ask(4, RequestKind::Pause, "one").changed);
  ASSERT_TRUE(ring_.ask(5, RequestKind::Resume, "one").ok);
  ring_.run(1);
  EXPECT_FALSE(held());
  EXPECT_EQ(run_of("one"), 1U);
}

TEST_F(Queries, an_update_replaces_the_text_and_one_that_fails_leaves_the_old_one) {
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7")).ok);
  const auto bad = ring_.ask(4, RequestKind::Update, "one", spec_of("one", "role=absent", "SELECT 2"));
  EXPECT_FALSE(bad.ok);
  EXPECT_TRUE(whole("one", 2, 1));
  const auto good = ring_.ask(4, RequestKind::Update, "one", spec_of("one", "node=n8", "SELECT 3"));
  EXPECT_TRUE(good.ok) << good.message;
  ring_.run(1);
  const auto places = ring_.places("one");
  EXPECT_TRUE(std::any_of(places.begin(), places.end(),
                          [](const auto& place) { return place.first == 8 && place.second.stage == 0; }));
  EXPECT_TRUE(whole("one", 2, 2));
}

TEST_F(Queries, a_node_that_leaves_hands_over_behind_a_barrier) {
  std::string name;
  for (int i = 0; i < 8 && (name.empty() || host_of_main(name) == 7); ++i) {
    name = "random" + std::to_string(i);
    QuerySpec spec = spec_of(name, "node=n7");
    spec.policy = "random";
    ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, name, spec).ok);
  }
  const std::uint32_t leaver = host_of_main(name);
  ASSERT_NE(leaver, 7U);
  ring_.world->command(leaver, placement::Drain{});
  EXPECT_GE(ring_.run_until([&] { return ring_.drained.contains(leaver); }, 9), 0);
  EXPECT_TRUE(whole(name, 2, 1));
  EXPECT_NE(host_of_main(name), leaver);
  for (const auto& [place, instance] : ring_.running) {
    if (instance.name != name) continue;
    EXPECT_NE(instance.barrier, 0U);
  }
}

TEST_F(Queries, explain_tells_and_changes_nothing) {
  const auto told = ring_.ask(3, RequestKind::Explain, "plan", spec_of("plan", "node=n7"));
  ASSERT_TRUE(told.ok) << told.message;
  EXPECT_EQ(told.placed.size(), 2U);
  ASSERT_FALSE(told.notes.empty());
  EXPECT_NE(told.notes.back().find("if readers without a rate have one row a second, estimated"),
            std::string::npos)
      << told.notes.back();
  EXPECT_TRUE(ring_.running.empty());
  EXPECT_FALSE(ring_.ask(3, RequestKind::Drop, "plan").ok);
}

TEST_F(Queries, a_gateway_that_comes_later_brings_its_reader) {
  ring_.labelled["role=cab"] = {12, 13};
  ring_.world->add_machine();
  ring_.world->add_machine();
  ring_.start(12);
  ring_.run(3);
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "cabs", spec_of("cabs", "role=cab")).ok);
  EXPECT_EQ(ring_.places("cabs").size(), 2U);
  ring_.start(13);
  EXPECT_GE(ring_.run_until([&] { return whole("cabs", 3, 1); }, 10), 0);
}

TEST_F(Queries, a_reader_that_died_and_is_back_reads_again) {
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7")).ok);
  ring_.crash(7);
  ring_.run(6);
  ring_.start(7);
  EXPECT_GE(ring_.run_until(
                [&] {
                  const auto places = ring_.places("one");
                  return std::any_of(places.begin(), places.end(), [](const auto& place) {
                    return place.first == 7 && place.second.stage == 0;
                  });
                },
                20),
            0);
}

TEST_F(Queries, whoever_asks_between_two_tries_does_not_end_them) {
  ASSERT_TRUE(ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7")).ok);
  ring_.crash(7);
  const auto tries = [&] {
    return std::count(ring_.events.begin(), ring_.events.end(), "no reader of the query can be reached");
  };
  ring_.run(15);  // the death is told no more
  ASSERT_GE(tries(), 1);
  for (int i = 0; i < 5; ++i) {
    const auto again = ring_.ask(3, RequestKind::Submit, "one", spec_of("one", "node=n7"));
    ASSERT_TRUE(again.ok) << again.message;
    EXPECT_FALSE(again.changed);
    const auto before = tries();
    EXPECT_GE(ring_.run_until([&] { return tries() > before; }, 40), 0) << i;
  }
}

}  // namespace
}  // namespace dart::sim
