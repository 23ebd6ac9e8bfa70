#include <gtest/gtest.h>

#include "sql/compile.hpp"
#include "support/test_catalogue.hpp"

namespace dart::sql {
namespace {

constexpr std::string_view kSetup =
    "CREATE TABLE trips (ts timestamp NOT NULL, fare numeric(8,2), driver text, people int) "
    "WITH (connector = 'file', path = 't.csv', format = 'csv', event_time = ts);"
    "CREATE TABLE live (ts timestamp, k int, v double precision) WITH (connector = 'endless', event_time = "
    "ts);"
    "CREATE TABLE pairs (a timestamp, k int, n double precision) WITH (connector = 'blackhole');"
    "CREATE TABLE keyed (k int PRIMARY KEY, n bigint) WITH (connector = 'blackhole');\n";

Script compiled(std::string_view sql) {
  const std::string text = std::string(kSetup) + std::string(sql);
  auto script = compile(text, {}, test::test_catalogue());
  if (script) return *std::move(script);
  ADD_FAILURE() << format_error(text, "q.sql", script.error());
  return {};
}

template <class T>
std::vector<T> all_of(const plan::Plan& plan) {
  std::vector<T> found;
  for (const plan::Node& node : plan.nodes) {
    if (const T* kind = std::get_if<T>(&node.kind)) found.push_back(*kind);
  }
  return found;
}

const plan::Node& sink_of(const Script& script) { return script.plan.nodes.at(script.plan.sinks().at(0)); }

TEST(Plans, AGroupPerWindowIsFinalByDefault) {
  const Script script = compiled(
      "INSERT INTO pairs SELECT window_start, k, avg(v) FROM tumble(live, ts, INTERVAL '10 s') GROUP BY "
      "window_start, k");
  const auto aggregates = all_of<plan::Aggregate>(script.plan);
  ASSERT_EQ(aggregates.size(), 1U);
  EXPECT_EQ(aggregates[0].emit, plan::EmitPolicy::AtClose);
  EXPECT_FALSE(sink_of(script).weighted);
}

TEST(Plans, ChangesPerWindowForgetWhatHasClosed) {
  const Script script = compiled(
      "CREATE MATERIALIZED VIEW m WITH (emit = 'changes') AS "
      "SELECT window_start, k, count(*) AS n FROM tumble(live, ts, INTERVAL '10 s') GROUP BY window_start, "
      "window_end, k;"
      "SELECT * FROM m");
  const auto aggregates = all_of<plan::Aggregate>(script.plan);
  ASSERT_EQ(aggregates.size(), 1U);
  EXPECT_EQ(aggregates[0].emit, plan::EmitPolicy::PerStep);
  EXPECT_TRUE(aggregates[0].expires_by_key);
  EXPECT_TRUE(sink_of(script).weighted);
  ASSERT_EQ(script.printed.size(), 1U);
  EXPECT_EQ(script.plan.tables[script.printed[0]].op_column, 0U);
}

TEST(Plans, TopNPerWindowClosesWithIt) {
  const Script script = compiled(
      "CREATE VIEW per AS SELECT window_start, window_end, k, sum(v) AS s FROM hop(live, ts, INTERVAL '1 s', "
      "INTERVAL '10 s') "
      "GROUP BY window_start, window_end, k;"
      "INSERT INTO pairs SELECT window_start, k, s FROM "
      "(SELECT *, row_number() OVER (PARTITION BY window_start ORDER BY s DESC) AS rk FROM per) q WHERE rk "
      "<= 3");
  const auto tops = all_of<plan::TopN>(script.plan);
  ASSERT_EQ(tops.size(), 1U);
  EXPECT_EQ(tops[0].limit, 3);
  EXPECT_EQ(tops[0].emit, plan::EmitPolicy::AtClose);
  EXPECT_TRUE(tops[0].expires_by_key);
  EXPECT_EQ(all_of<plan::Aggregate>(script.plan)[0].emit, plan::EmitPolicy::AtClose);
  EXPECT_FALSE(sink_of(script).weighted);
}

TEST(Plans, WindowsOfRowsThatMayBeLateNeverClose) {
  const Script script = compiled(
      "CREATE TABLE s (ts timestamp, k int) WITH (connector = 'endless', event_time = ts, late = 'update');"
      "INSERT INTO keyed SELECT k, count(*) FROM tumble(s, ts, INTERVAL '10 s') GROUP BY window_end, k");
  const auto aggregates = all_of<plan::Aggregate>(script.plan);
  ASSERT_EQ(aggregates.size(), 1U);
  EXPECT_EQ(aggregates[0].emit, plan::EmitPolicy::PerStep);
  EXPECT_FALSE(aggregates[0].expires_by_key);
}

TEST(Plans, ASubQueryOverWindowsIsExactForWhatStandsAboveIt) {
  const Script script = compiled(
      "INSERT INTO keyed SELECT k, max(n) FROM (SELECT window_end, k, count(*) AS n "
      "FROM tumble(live, ts, INTERVAL '10 s') GROUP BY window_end, k) q GROUP BY k");
  for (const plan::Aggregate& aggregate : all_of<plan::Aggregate>(script.plan)) {
    EXPECT_EQ(aggregate.emit, plan::EmitPolicy::PerStep);
  }
  EXPECT_TRUE(sink_of(script).weighted);
}

TEST(Plans, AMaterializedViewIsReadAsItIsEmitted) {
  const Script script = compiled(
      "CREATE MATERIALIZED VIEW m AS SELECT window_end, k, count(*) AS n "
      "FROM tumble(live, ts, INTERVAL '10 s') GROUP BY window_end, k;"
      "INSERT INTO keyed SELECT k, lag(n) OVER (PARTITION BY k ORDER BY window_end) FROM m");
  EXPECT_EQ(all_of<plan::Over>(script.plan).size(), 1U);
  EXPECT_EQ(all_of<plan::Aggregate>(script.plan)[0].emit, plan::EmitPolicy::AtClose);
  EXPECT_FALSE(sink_of(script).weighted);
}

TEST(Plans, CountWindowsAreGroupedPerBlock) {
  const Script script = compiled(
      "INSERT INTO pairs SELECT NULL, k, avg(v) FROM count_window(live, 10, k) GROUP BY window_id, k");
  const auto aggregates = all_of<plan::Aggregate>(script.plan);
  ASSERT_EQ(aggregates.size(), 1U);
  EXPECT_TRUE(aggregates[0].per_block);
  EXPECT_FALSE(sink_of(script).weighted);
}

TEST(Plans, OverInTheOrderOfArrivalAnswersAtOnce) {
  const Script script =
      compiled("INSERT INTO pairs SELECT ts, k, sum(v) OVER (PARTITION BY k ORDER BY _seq) FROM live");
  const auto overs = all_of<plan::Over>(script.plan);
  ASSERT_EQ(overs.size(), 1U);
  EXPECT_FALSE(overs[0].peers);
}

TEST(Plans, OverInTheOrderOfTimeWaitsForPeersOnlyInARange) {
  const Script range =
      compiled("INSERT INTO pairs SELECT ts, k, sum(v) OVER (PARTITION BY k ORDER BY ts) FROM live");
  EXPECT_TRUE(all_of<plan::Over>(range.plan)[0].peers);
  const Script rows = compiled(
      "INSERT INTO pairs SELECT ts, k, sum(v) OVER w FROM live WINDOW w AS (PARTITION BY k ORDER BY ts ROWS "
      "9 PRECEDING)");
  const auto overs = all_of<plan::Over>(rows.plan);
  EXPECT_FALSE(overs[0].peers);
  EXPECT_EQ(overs[0].calls[0].frame.preceding, 9);
}

TEST(Plans, CallsWithOneWindowShareANode) {
  const Script script = compiled(
      "SELECT sum(v) OVER w, lag(v, 2, 0) OVER w, row_number() OVER w FROM live WINDOW w AS (PARTITION BY k "
      "ORDER BY _seq)");
  const auto overs = all_of<plan::Over>(script.plan);
  ASSERT_EQ(overs.size(), 1U);
  ASSERT_EQ(overs[0].calls.size(), 3U);
  EXPECT_EQ(overs[0].calls[1].direct.at(0).bigint(), 2);
  EXPECT_EQ(overs[0].calls[1].direct.at(1).real(), 0.0);
}

TEST(Plans, DistinctOnKeepsTheFirstByArrival) {
  const Script script = compiled("SELECT DISTINCT ON (k) k, v FROM live");
  const auto tops = all_of<plan::TopN>(script.plan);
  ASSERT_EQ(tops.size(), 1U);
  EXPECT_EQ(tops[0].limit, 1);
  EXPECT_EQ(tops[0].partition.size(), 1U);
  ASSERT_EQ(tops[0].order.size(), 1U);
  EXPECT_FALSE(tops[0].order[0].descending);
}

TEST(Plans, APlainSelectOverAFileIsFinalAndSorted) {
  const Script script =
      compiled("SELECT driver, count(*) FROM trips GROUP BY driver ORDER BY sum(fare) DESC, driver");
  const auto emits = all_of<plan::Emit>(script.plan);
  ASSERT_EQ(emits.size(), 1U);
  EXPECT_EQ(emits[0].mode, plan::EmitMode::Final);
  ASSERT_EQ(emits[0].order.size(), 2U);
  EXPECT_TRUE(emits[0].order[0].descending);
  EXPECT_EQ(sink_of(script).schema.size(), 2U);
  const plan::TableDefinition& table = script.plan.tables[script.printed.at(0)];
  EXPECT_EQ(table.columns[1].name, "count");
  EXPECT_EQ(table.connector, "stdout");
}

TEST(Plans, JoinConditionsBecomeKeysFiltersAndTheRest) {
  const Script script = compiled(
      "SELECT a.k FROM live a, live b WHERE a.k = b.k AND a.v > 1 AND b.v > 2 AND a.v < b.v AND a.k + 1 = "
      "b.k * 2");
  const auto joins = all_of<plan::Join>(script.plan);
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_EQ(joins[0].left_keys.size(), 2U);
  EXPECT_EQ(joins[0].conditions.size(), 1U);
  EXPECT_EQ(all_of<plan::Filter>(script.plan).size(), 2U);
}

TEST(Plans, WindowJoinsForgetClosedWindows) {
  const Script script = compiled(
      "SELECT a.window_start, a.v, b.v FROM tumble(live, ts, INTERVAL '1 s') a "
      "JOIN tumble(live, ts, INTERVAL '1 s') b ON a.window_start = b.window_start AND a.k = b.k");
  const auto joins = all_of<plan::Join>(script.plan);
  ASSERT_EQ(joins.size(), 1U);
  EXPECT_TRUE(joins[0].expires_by_key);
}

TEST(Plans, RightJoinIsALeftJoinTheOtherWayRound) {
  const Script script = compiled(
      "CREATE VIEW n AS SELECT k, count(*) AS n FROM live GROUP BY k;"
      "SELECT * FROM n RIGHT JOIN (SELECT k, max(v) AS v FROM live GROUP BY k) m USING (k)");
  EXPECT_EQ(all_of<plan::Join>(script.plan).at(0).kind, plan::JoinKind::Left);
  const plan::TableDefinition& table = script.plan.tables[script.printed.at(0)];
  ASSERT_EQ(table.columns.size(), 4U);
  EXPECT_EQ(table.columns[1].name, "k");
  EXPECT_EQ(table.columns[2].name, "n");
  EXPECT_EQ(table.columns[3].name, "v");
}

TEST(Plans, NegativeNumbersArrive) {
  const Script script = compiled("SELECT v FROM live WHERE k = -5 OR k = - 7 OR k = -(8)");
  const std::string text = plan::explain(script.plan);
  EXPECT_NE(text.find("-5"), std::string::npos) << text;
  EXPECT_NE(text.find("-7"), std::string::npos) << text;
  EXPECT_NE(text.find("-8"), std::string::npos) << text;
}

TEST(Plans, LateRowsGoToTheirTable) {
  const Script script = compiled(
      "CREATE TABLE behind (ts timestamp, v int) WITH (connector = 'blackhole');"
      "CREATE TABLE s (ts timestamp, v int) WITH (connector = 'endless', event_time = ts, late = "
      "'side_table', late_table = behind);"
      "SELECT v FROM s");
  ASSERT_EQ(script.plan.sinks().size(), 2U);
  bool late = false;
  for (const plan::Node& node : script.plan.nodes) {
    for (const plan::Input& input : node.inputs) late = late || input.output == 1;
  }
  EXPECT_TRUE(late);
}

TEST(Plans, ExplainDoesNotRun) {
  const Script script =
      compiled("EXPLAIN SELECT v FROM live; EXPLAIN INSERT INTO keyed SELECT k, 1 FROM live");
  EXPECT_TRUE(script.plan.sinks().empty());
  ASSERT_EQ(script.explanations.size(), 2U);
  EXPECT_NE(script.explanations[0].find("Scan: live"), std::string::npos) << script.explanations[0];
  EXPECT_NE(script.explanations[1].find("Sink: keyed"), std::string::npos) << script.explanations[1];
}

TEST(Plans, UntypedLiteralsTakeTheTypeOfTheirPlace) {
  const Script script = compiled(
      "INSERT INTO pairs SELECT '2020-01-01', NULL, 1 FROM live UNION ALL SELECT ts, k, v FROM live");
  EXPECT_EQ(sink_of(script).schema[0].type.id, columnar::TypeId::Timestamp);
}

TEST(Plans, AJoinOfOneNameTwiceReadsTheTableOnce) {
  const Script script = compiled("SELECT a.v FROM live a JOIN live b ON a.k = b.k; SELECT v FROM live");
  EXPECT_EQ(all_of<plan::Scan>(script.plan).size(), 1U);
  EXPECT_EQ(script.printed.size(), 2U);
}

}  // namespace
}  // namespace dart::sql
