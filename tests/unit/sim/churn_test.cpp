#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <tuple>

#include "sim/churn_experiment.hpp"

namespace dart::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::string complaint_about(std::string_view text) {
  const auto trace = read_churn_trace(text);
  return trace ? "" : trace.error().message;
}

TEST(ChurnTrace, names_become_numbers_and_lines_events) {
  const auto trace =
      read_churn_trace("# who,when\n0,b,up\r\n\n0,a,up\n0,b,down\n1.5,b,up\n1e2,new,up\n100,a,down\n");
  ASSERT_TRUE(trace.has_value()) << trace.error().message;
  EXPECT_EQ(trace->first, 2U);
  EXPECT_EQ(trace->nodes, 3U);
  ASSERT_EQ(trace->events.size(), 4U);
  const auto& [down, up, fresh, last] =
      std::tie(trace->events[0], trace->events[1], trace->events[2], trace->events[3]);
  EXPECT_EQ(std::tuple(down.at_us, down.node, down.up), std::tuple(0, 0U, false));
  EXPECT_EQ(std::tuple(up.at_us, up.node, up.up), std::tuple(1'500'000, 0U, true));
  EXPECT_EQ(std::tuple(fresh.at_us, fresh.node, fresh.up), std::tuple(100'000'000, 2U, true));
  EXPECT_EQ(std::tuple(last.at_us, last.node, last.up), std::tuple(100'000'000, 1U, false));
}

TEST(ChurnTrace, a_bad_line_is_named) {
  EXPECT_EQ(complaint_about("0,a,up\n5,b\n"), "line 2: '5,b' is not seconds,node,up or down");
  EXPECT_EQ(complaint_about("0,a,up\n5,b,up,\n"), "line 2: '5,b,up,' is not seconds,node,up or down");
  EXPECT_EQ(complaint_about("0,a,up\n\nsoon,b,up\n"), "line 3: 'soon' is no number of seconds");
  EXPECT_EQ(complaint_about("0,a,up\nnan,b,up\n"), "line 2: 'nan' is no number of seconds");
  EXPECT_EQ(complaint_about("0,a,up\n-1,b,up\n"), "line 2: '-1' is no number of seconds");
  EXPECT_EQ(complaint_about("0,a,up\n5,b,gone\n"), "line 2: 'gone' is neither up nor down");
  EXPECT_EQ(complaint_about("0,a,up\n5,,up\n"), "line 2: the node has no name");
  EXPECT_EQ(complaint_about("0,a,up\n5,b,up\n4,c,up\n"), "line 3: 4 seconds come before the line above");
  EXPECT_EQ(complaint_about("0,a,up\n5,a,up\n"), "line 2: node 'a' is up already");
  EXPECT_EQ(complaint_about("0,a,up\n5,b,down\n"), "line 2: node 'b' is not up");
  EXPECT_EQ(complaint_about("0,a,up\n5,a,down\n"), "line 2: node 'a' is the last one");
  EXPECT_EQ(complaint_about("1,a,up\n"), "line 1: the first node must be up at 0 seconds");
  EXPECT_EQ(complaint_about("# nobody\n"), "no line brings a node up");
}

ChurnReport run(ChurnOptions options) {
  const std::uint64_t seed = options.seed;
  return run_churn(options, *make_delay_model("plane", Random(seed)));
}

TEST(Churn, a_trace_is_followed_and_lookups_find_their_roots) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += "0,n" + std::to_string(i) + ",up\n";
  for (int i = 0; i < 10; ++i) {
    text += std::to_string(10 * i + 5) + ",n" + std::to_string(i) + ",down\n";
    text += std::to_string(10 * i + 8) + ",late" + std::to_string(i) + ",up\n";
  }
  text += "105,n3,up\n106,n4,up\n";
  ChurnOptions options;
  options.trace = *read_churn_trace(text);
  options.length = {130 * kSecond};
  options.loss_permille = 0;
  const ChurnReport report = run(options);
  EXPECT_EQ(report.nodes, 30U);
  EXPECT_EQ(report.deaths, 10U);
  EXPECT_EQ(report.joins, 20U + 10U + 2U);
  EXPECT_GT(report.lookups, 2'400U);
  EXPECT_EQ(report.delivered, report.lookups);
  EXPECT_EQ(report.wrong_root, 0U);
  EXPECT_EQ(report.double_roots, 0U);
}

/// What a ring promises while nodes come and go.
void expect_kept(const ChurnReport& report, double most_messages, double most_bytes) {
  EXPECT_EQ(report.double_roots, 0U) << "seed " << report.seed;
  EXPECT_GE(static_cast<double>(report.delivered - report.wrong_root),
            0.9999 * static_cast<double>(report.lookups));
  EXPECT_LE(report.upkeep_messages, most_messages) << "seed " << report.seed;
  EXPECT_LE(report.upkeep_bytes, most_bytes) << "seed " << report.seed;
  EXPECT_LT(report.stretch_median, 2.0) << "seed " << report.seed;
}

TEST(Churn, nodes_that_come_and_go_keep_the_promises) {
  ChurnOptions options;
  options.nodes = 60;
  options.length = {600 * kSecond};
  expect_kept(run(options), 8, 1000);
  options.config = overlay::quiet_profile();
  expect_kept(run(options), 0.5, 1000);
}

TEST(Churn, many_deaths_at_once_leave_no_lookup_behind) {
  ChurnOptions options;
  options.nodes = 400;
  options.session = {0};
  options.kill_percent = 10;
  const ChurnReport report = run(options);
  EXPECT_EQ(report.killed, 40U);
  ASSERT_LT(report.kill_longest_run, 12U);
  EXPECT_EQ(report.kill_delivered, report.kill_lookups);
  EXPECT_LE(report.kill_messages_per_failed, 57);
  EXPECT_LE(report.kill_hops_after, report.kill_hops_before * 1.01);
  EXPECT_LE(report.kill_tables_after.empty, report.kill_tables_after.fillable / 20);
}

class ChurnSoak : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ChurnSoak, a_thousand_nodes_for_two_hours) {
  const bool soak = std::getenv("DART_SOAK") != nullptr;
  ChurnOptions options;
  options.seed = GetParam();
  if (!soak) {
    options.nodes = 60;
    options.length = {120 * kSecond};
  }
  const ChurnReport lan = run(options);
  // Five seeds are more than 700,000.
  EXPECT_GE(lan.lookups, soak ? 140'000U : 2'300U);
  expect_kept(lan, 8, 1000);
  options.config = overlay::quiet_profile();
  expect_kept(run(options), 0.5, 1000);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChurnSoak, ::testing::Range<std::uint64_t>(1, 6));

TEST(KillSoak, a_tenth_of_five_thousand_dies_at_once) {
  const bool soak = std::getenv("DART_SOAK") != nullptr;
  ChurnOptions options;
  options.nodes = soak ? 5000 : 500;
  options.session = {0};
  options.kill_percent = 10;
  const ChurnReport report = run(options);
  ASSERT_LT(report.kill_longest_run, 12U);
  EXPECT_EQ(report.kill_delivered, report.kill_lookups);
  // A tenth of a small ring is many hops less.
  EXPECT_NEAR(report.kill_hops_after, report.kill_hops_before,
              (soak ? 0.01 : 0.03) * report.kill_hops_before);
  EXPECT_LE(report.kill_messages_per_failed, soak ? 57 : 70);
}

}  // namespace
}  // namespace dart::sim
