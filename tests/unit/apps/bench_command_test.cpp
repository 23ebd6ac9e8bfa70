#include <gmock/gmock.h>

#include <string>

#include <nlohmann/json.hpp>

#include "support/child_process.hpp"
#include "support/temp_folder.hpp"

namespace dart::test {
namespace {

using testing::HasSubstr;

const std::string kDart = DART_BINARY_DIR "/dart";

class BenchCommandTest : public testing::Test {
 protected:
  std::string write_file(const std::string& text) const { return folder_.write("q.sql", text); }
  support::TempFolder folder_;
};

TEST_F(BenchCommandTest, MeasuresAllWorkloadsAndChecksThemAgainstTheLoops) {
  // Wrong results would fail: every sum of the SQL's result is held against the loop's.
  const auto result =
      run_process({kDart, "bench", "--rows", "3000000", "--runs", "1", "--no-latency", "-o", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out);
  ASSERT_EQ(json.size(), 4U);
  std::string names;
  for (const auto& entry : json) {
    names += entry["workload"].get<std::string>();
    EXPECT_EQ(entry["rows"], 3'000'000);
    EXPECT_GT(entry["rows_per_s"], 0);
    EXPECT_GT(entry["hand_rows_per_s"], 0);
    EXPECT_NEAR(entry["ratio"], entry["rows_per_s"].get<double>() / entry["hand_rows_per_s"].get<double>(),
                1e-9);
    for (const char* name : {"p50_us", "p99_us", "machine", "build", "seed"})
      EXPECT_TRUE(entry.contains(name));
  }
  EXPECT_EQ(names, "abcd");
  EXPECT_EQ(json[1]["results"], 3 * 1000);  // three windows of ten seconds
}

TEST_F(BenchCommandTest, TakesLatenciesOfWindowsOnASchedule) {
  const auto result =
      run_process({kDart, "bench", "--workload", "b", "--rows", "1500000", "--runs", "1", "-o", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto entry = nlohmann::json::parse(result.out).at(0);
  EXPECT_EQ(entry["at_half_load"]["samples"], 1000);  // the second window is closed by the end alone
  EXPECT_GT(entry["p50_us"], 0);
  EXPECT_GE(entry["p99_us"], entry["p50_us"]);
  EXPECT_EQ(entry["at_1m_rows_per_s"]["offered_rows_per_s"], 1e6);
}

TEST_F(BenchCommandTest, RunsAnySqlOverTheSameInput) {
  const std::string path = write_file(
      "CREATE TABLE events (id bigint, ts timestamp) WITH (connector = 'datagen', generator = 'events', "
      "event_time = "
      "ts);\nSELECT id FROM events WHERE id >= :least;\n");
  const auto result = run_process({kDart, "bench", "--sql", path, "-v", "least=1000", "--rows", "5000",
                                   "--runs", "1", "--no-latency", "-o", "json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto entry = nlohmann::json::parse(result.out).at(0);
  EXPECT_EQ(entry["rows"], 5000);
  EXPECT_EQ(entry["results"], 4000);
  EXPECT_TRUE(entry["ratio"].is_null());
}

TEST_F(BenchCommandTest, AnErrorInTheFileNamesItsPlaceThere) {
  const std::string path = write_file("SELECT word,\n  wort FROM words;\n");
  const auto result = run_process({kDart, "bench", "--sql", path});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(path + ":2:3: error: "));
  EXPECT_THAT(result.err, HasSubstr("\n  ^"));
}

}  // namespace
}  // namespace dart::test
