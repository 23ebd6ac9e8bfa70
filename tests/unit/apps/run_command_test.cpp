#include <gmock/gmock.h>
#include <signal.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/child_process.hpp"
#include "support/temp_folder.hpp"

namespace dart::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kDart = DART_BINARY_DIR "/dart";
const std::string kTaxi = DART_SOURCE_DIR "/examples/taxi/";

/// The arguments of a `dart run` whose script comes from stdin.
std::vector<std::string> run_stdin(std::vector<std::string> more = {}) {
  std::vector<std::string> command = {kDart, "run", "-"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class RunCommandTest : public testing::Test {
 protected:
  /// CREATE TABLE t over a CSV file with one bigint column and these lines.
  std::string numbers(const std::string& lines) const {
    return "CREATE TABLE t (n bigint) WITH (connector = 'file', format = 'csv', path = '" +
           folder_.write("numbers.csv", lines) + "');\n";
  }

  support::TempFolder folder_;
};

TEST(CommandLineTest, VersionAndHelp) {
  const auto version = run_process({kDart, "version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, StartsWith("dart "));
  const auto help = run_process({kDart, "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("run"));
  EXPECT_THAT(run_process({kDart, "run", "--help"}).out, HasSubstr("--chunk-rows"));
}

TEST(CommandLineTest, MistakesAreOneLineAndExitTwo) {
  const std::vector<std::vector<std::string>> mistakes = {
      {kDart},
      {kDart, "walk"},
      {kDart, "run"},
      {kDart, "run", "x.sql", "--nonsense"},
      {kDart, "run", "x.sql", "--chunk-rows", "0"},
      {kDart, "run", "x.sql", "--chunk-rows", "2049"},
      {kDart, "run", "x.sql", "--workers", "0"},
      {kDart, "run", "x.sql", "--scheduler", "fair"},
      {kDart, "run", "x.sql", "-v", "input"},
      {kDart, "bench", "--workload", "e"},
  };
  for (const auto& command : mistakes) {
    const auto result = run_process(command);
    EXPECT_EQ(result.exit_code, 2) << command.back();
    EXPECT_THAT(result.err, StartsWith("error: ")) << command.back();
    EXPECT_EQ(lines_of(result.err), 1U) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(RunCommandTest, PrintsRowsAsATableAsCsvAndAsJson) {
  const std::string script = numbers("1\n2\n3\n") + "SELECT n, n * 2 AS twice FROM t WHERE n > 1;\n";
  const auto table = run_process(run_stdin(), script);
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("twice"));
  EXPECT_EQ(run_process(run_stdin({"-o", "csv"}), script).out, "n,twice\n2,4\n3,6\n");
  EXPECT_EQ(run_process(run_stdin({"-o", "json"}), script).out,
            "{\"n\":2,\"twice\":4}\n{\"n\":3,\"twice\":6}\n");
}

TEST_F(RunCommandTest, TheFileMayBeNamedEitherWayAndVariablesWin) {
  const std::string path = folder_.write(
      "q.sql", "\\set least 2\n" + numbers("1\n2\n3\n") + "SELECT n FROM t WHERE n >= :least;\n");
  EXPECT_EQ(run_process({kDart, "run", path, "-o", "csv"}).out, "n\n2\n3\n");
  EXPECT_EQ(run_process({kDart, "run", "-o", "csv", "-f", path, "-v", "least=3"}).out, "n\n3\n");
}

TEST_F(RunCommandTest, AMissingScriptIsAnError) {
  const auto result = run_process({kDart, "run", folder_.file("nope.sql")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "error: cannot open '" + folder_.file("nope.sql") + "': No such file or directory\n");
}

TEST_F(RunCommandTest, ASqlErrorNamesLineAndColumnAndPointsThere) {
  const std::string path = folder_.write("q.sql", numbers("1\n") + "SELECT m FROM t;\n");
  const auto result = run_process({kDart, "run", path});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, StartsWith(path + ":2:8: error: "));
  EXPECT_THAT(result.err, HasSubstr("SELECT m FROM t;\n"));
  EXPECT_THAT(result.err, HasSubstr("       ^"));
}

TEST_F(RunCommandTest, AMissingInputIsAnError) {
  const auto result = run_process(
      run_stdin(), "CREATE TABLE t (n bigint) WITH (connector = 'file', format = 'csv', path = '" +
                       folder_.path().string() + "/nope.csv');\nSELECT n FROM t;\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("nope.csv': No such file or directory"));
  EXPECT_EQ(lines_of(result.err), 1U) << result.err;
}

TEST_F(RunCommandTest, AFullDiskIsAnErrorAtAnyNumberOfWorkers) {
  const std::string script =
      numbers("1\n2\n") +
      "CREATE TABLE s (n bigint) WITH (connector = 'file', format = 'csv', path = '/dev/full');\n"
      "INSERT INTO s SELECT n FROM t;\n";
  for (const std::string workers : {"1", "2"}) {
    const auto result = run_process(run_stdin({"--workers", workers}), script);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("No space left on device"));
    EXPECT_EQ(lines_of(result.err), 1U) << result.err;
  }
}

TEST_F(RunCommandTest, AClosedStdoutIsAnErrorAndNotASignal) {
  const auto rows = run_process(run_stdin(), numbers("1\n") + "SELECT n FROM t;\n", Stdout::Closed);
  EXPECT_EQ(rows.exit_code, 1);
  EXPECT_THAT(rows.err, HasSubstr("Broken pipe"));
  EXPECT_EQ(lines_of(rows.err), 1U) << rows.err;
  const auto explained =
      run_process(run_stdin(), numbers("1\n") + "EXPLAIN SELECT n FROM t;\n", Stdout::Full);
  EXPECT_EQ(explained.exit_code, 1);
  EXPECT_EQ(explained.err, "error: cannot write to standard output\n");
}

TEST_F(RunCommandTest, ExplainPrintsAndRunsNothing) {
  const auto result = run_process(run_stdin(),
                                  "CREATE TABLE t (n bigint) WITH (connector = 'file', format = 'csv', "
                                  "path = '/nope');\nEXPLAIN SELECT n FROM t WHERE n > 1;\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Scan"));
  EXPECT_THAT(result.out, HasSubstr("n > 1"));
}

TEST_F(RunCommandTest, BadRowsAreCountedAndTheStreamGoesOn) {
  const auto result = run_process(run_stdin({"--stats"}), numbers("1\nx\n3,4\n5\n") + "SELECT n FROM t;\n");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("5"));
  EXPECT_THAT(result.err, HasSubstr("errors 1: "));
  EXPECT_THAT(result.err, HasSubstr("expected 1 field"));
  EXPECT_THAT(result.err, HasSubstr("rows read in"));
}

TEST_F(RunCommandTest, StatisticsAsJsonAccountForEveryRow) {
  const std::string out = folder_.file("out.csv");
  const auto result =
      run_process(run_stdin({"--stats", "-o", "json"}),
                  numbers("1\n2\n3\n4\n5\n") +
                      "CREATE TABLE s (n bigint) WITH (connector = 'file', format = 'csv', path = '" + out +
                      "');\nINSERT INTO s SELECT n FROM t WHERE n > 2 AND n < 5;\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto stats = nlohmann::json::parse(result.out);
  EXPECT_EQ(stats["rows_read"], 5);
  bool filtered = false;
  for (const auto& op : stats["operators"]) {
    if (op["kind"] != "Filter") continue;
    filtered = true;
    EXPECT_EQ(op["rows_in"], 5);
    EXPECT_EQ(op["rows_out"], 2);
    EXPECT_EQ(op["dropped"], nlohmann::json({{"n > 2", 2}, {"n < 5", 1}}));
  }
  EXPECT_TRUE(filtered) << result.out;
}

TEST_F(RunCommandTest, AnInterruptEndsTheQueryInOrder) {
  for (const int number : {SIGINT, SIGTERM}) {
    const std::string path = folder_.write(
        "q.sql",
        "CREATE TABLE t (n bigint) WITH (connector = 'stdin', format = 'csv');\nSELECT n + 1 AS n FROM t;\n");
    ChildProcess child({kDart, "run", path, "-o", "csv"});
    child.send("1\n");
    EXPECT_EQ(child.read_line(), "n");
    EXPECT_EQ(child.read_line(), "2");  // flushed although more may come
    child.signal(number);
    const auto result = child.finish();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
  }
}

TEST_F(RunCommandTest, StatsNameAFiltersConditionsInTheirOrderAndCountWhatAScanRead) {
  const auto result =
      run_process(run_stdin({"--stats", "-o", "json"}),
                  numbers("1\n2\nx\n3\n4\n5\n") +
                      "CREATE TABLE none (n bigint) WITH (connector = 'blackhole');\n"
                      "INSERT INTO none SELECT n FROM t WHERE n <> 3 AND n % 2 = 0 AND abs(n) < 4;\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto stats = nlohmann::ordered_json::parse(result.out);
  for (const auto& op : stats["operators"]) {
    if (op["kind"] == "Filter") {
      EXPECT_EQ(op["dropped"].dump(), R"({"n <> 3":1,"n % 2 = 0":2,"abs(n) < 4":1})");
    }
    if (op["kind"] == "Scan") {
      EXPECT_EQ(op["rows_in"], 6);
      EXPECT_EQ(op["rows_out"], 5);
      EXPECT_GT(op["busy_ms"], 0);
    }
  }
}

TEST_F(RunCommandTest, AUnionInOrderOfStepsKeepsItsChunks) {
  std::string lines;
  for (int n = 1; n <= 2000; ++n) lines += std::to_string(n) + "\n";
  const auto result = run_process(run_stdin({"--stats", "-o", "json", "--workers", "1"}),
                                  numbers(lines) +
                                      "CREATE TABLE none (n bigint) WITH (connector = 'blackhole');\n"
                                      "INSERT INTO none SELECT n FROM t UNION ALL SELECT -n FROM t;\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const auto stats = nlohmann::json::parse(result.out);
  for (const auto& op : stats["operators"]) {
    if (op["kind"] != "Sink") continue;
    EXPECT_EQ(op["rows_in"], 4000);
    EXPECT_LE(op["chunks_in"], 4);
  }
}

TEST_F(RunCommandTest, AFullLimitEndsAnEndlessQuery) {
  const std::string events =
      "CREATE TABLE events (ts timestamp, key bigint, value double precision, id bigint) "
      "WITH (connector = 'datagen', generator = 'events', event_time = ts);\n";
  const std::string query = "SELECT id FROM events WHERE id >= 5 LIMIT 3;\n";
  for (const std::string rows : {"1", "2048"}) {
    for (const std::string workers : {"1", "2"}) {
      const auto result =
          run_process(run_stdin({"-o", "csv", "--workers", workers, "--chunk-rows", rows}), events + query);
      EXPECT_EQ(result.exit_code, 0) << result.err;
      EXPECT_EQ(result.out, "id\n5\n6\n7\n");
    }
  }
  const auto storm =
      run_process(run_stdin({"-o", "csv", "--scheduler", "thread-per-operator"}), events + query);
  EXPECT_EQ(storm.out, "id\n5\n6\n7\n");
  EXPECT_EQ(run_process(run_stdin({"-o", "csv"}), events + "SELECT id FROM events LIMIT 0;\n").out, "id\n");
  // Another query of the script goes on to the end of its input.
  const auto both =
      run_process(run_stdin({"-o", "csv"}),
                  numbers("1\n2\n3\n4\n") + "SELECT n FROM t LIMIT 1;\nSELECT n AS m FROM t;\n");
  EXPECT_THAT(both.out, HasSubstr("4\n"));
}

TEST_F(RunCommandTest, AFullLimitDoesNotWaitForTheEndOfStdin) {
  const std::string script =
      folder_.write("first.sql",
                    "CREATE TABLE t (n bigint) WITH (connector = 'stdin', format = 'csv');\n"
                    "SELECT n FROM t LIMIT 2;\n");
  for (const std::string workers : {"1", "2"}) {
    ChildProcess child({kDart, "run", script, "-o", "csv", "--workers", workers});
    child.send("1\n2\n3\n");  // and stdin stays open
    EXPECT_EQ(child.read_line(), "n");
    EXPECT_EQ(child.read_line(), "1");
    EXPECT_EQ(child.read_line(), "2");
    EXPECT_EQ(child.read_line(), "");
    EXPECT_EQ(child.finish().exit_code, 0);
  }
}

TEST_F(RunCommandTest, TheTaxiQueriesGiveTheSameRowsInEveryShape) {
  const auto routes = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = {kDart, "run", kTaxi + "frequent_routes.sql", "-v",
                                        "input=" + kTaxi + "trips.csv"};
    command.insert(command.end(), more.begin(), more.end());
    std::string rows = run_process(command).out;
    std::string kept;  // without the delay, which is the last column
    for (std::size_t begin = 0; begin < rows.size();) {
      const std::size_t end = rows.find('\n', begin);
      kept += rows.substr(begin, rows.rfind(',', end) - begin) + '\n';
      begin = end + 1;
    }
    return kept;
  };
  const std::string expected = routes({});
  EXPECT_GT(lines_of(expected), 293U);
  EXPECT_TRUE(routes({"--workers", "2"}) == expected);
  EXPECT_TRUE(routes({"--workers", "2", "--chunk-rows", "3"}) == expected);
  EXPECT_TRUE(routes({"--chunk-rows", "1"}) == expected);
  EXPECT_TRUE(routes({"--scheduler", "thread-per-operator"}) == expected);
}

}  // namespace
}  // namespace dart::test
