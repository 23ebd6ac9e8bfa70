#include "apps/sim/chaos_report.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace dart::apps {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

sim::ChaosReport much_of_everything() {
  sim::ChaosReport report;
  report.faults.fill(100);
  report.lost = report.duplicated = report.reordered = report.replayed = 100;
  report.joins = report.deaths = report.excused_deaths = report.twins = 1000;
  report.delivered = 1000;
  return report;
}

ChaosSummary ten_of(const sim::ChaosReport& report) {
  ChaosSummary summary;
  for (int seed = 0; seed < 10; ++seed) summary.add(report, report.hash);
  return summary;
}

TEST(ChaosSummary, misses_nothing_where_much_was_tried) {
  EXPECT_THAT(ten_of(much_of_everything()).missing(), IsEmpty());
}

TEST(ChaosSummary, names_each_fault_that_was_hardly_tried) {
  for (std::size_t kind = 0; kind < sim::kFaults; ++kind) {
    auto report = much_of_everything();
    report.faults[kind] = 0;
    EXPECT_THAT(ten_of(report).missing(),
                testing::ElementsAre(HasSubstr(std::string(sim::kFaultNames[kind]))));
  }
}

TEST(ChaosSummary, names_operations_that_hardly_happened) {
  auto report = much_of_everything();
  report.delivered = report.joins = report.deaths = report.excused_deaths = 1;
  report.twins = report.replayed = report.lost = 0;
  const auto lines = ten_of(report).missing();
  for (const char* what :
       {"requests delivered", "joins", "deaths in", "deaths of hidden", "twins", "earlier lives", "lost"})
    EXPECT_THAT(lines, Contains(HasSubstr(what)));
}

TEST(ChaosSummary, a_seed_whose_two_runs_differ_is_bad) {
  ChaosSummary summary;
  sim::ChaosReport report;
  report.hash = 1;
  summary.add(report, 2);
  EXPECT_FALSE(summary.clean());
  EXPECT_THAT(complaints_of(report, 2, 64, "quiet"), Contains(HasSubstr("--nodes 64 --profile quiet")));
}

/// The program fails when a seed is not clean, when its two runs differ, and when too little was tried.
void expect_clean(std::vector<std::string> flags, const std::string& soak_seeds) {
  const bool soak = std::getenv("DART_SOAK") != nullptr;
  std::vector<std::string> command{DART_BINARY_DIR "/dart", "sim", "chaos", "--seeds",
                                   soak ? soak_seeds : "1"};
  command.insert(command.end(), flags.begin(), flags.end());
  const auto result = test::run_process(command);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
}

TEST(ChaosSoak, no_seed_of_the_default_profile_breaks_a_promise) {
  expect_clean({"--nodes", "64"}, "1..200");
}

TEST(ChaosSoak, no_seed_of_the_quiet_profile_breaks_a_promise) {
  expect_clean({"--nodes", "64", "--profile", "quiet"}, "1..18");
}

TEST(ChaosSoak, no_seed_of_firm_records_breaks_a_promise) {
  expect_clean({"--directory", "--nodes", "32"}, "1..500");
}

TEST(ChaosSoak, no_seed_of_queries_breaks_a_promise) { expect_clean({"--queries"}, "1..200"); }

}  // namespace
}  // namespace dart::apps
