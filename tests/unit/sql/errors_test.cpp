#include <gtest/gtest.h>

#include "sql/compile.hpp"
#include "support/test_catalogue.hpp"

namespace dart::sql {
namespace {

constexpr std::string_view kSetup =
    "CREATE TABLE trips (ts timestamp NOT NULL, fare numeric(8,2), driver text, people int, free boolean) "
    "WITH (connector = 'file', path = 't.csv', format = 'csv', event_time = ts);"
    "CREATE TABLE zones (name text, driver text) WITH (connector = 'file', path = 'z.csv', format = 'csv');"
    "CREATE TABLE live (ts timestamp, v int) WITH (connector = 'endless', event_time = ts);"
    "CREATE TABLE out (driver text, n bigint) WITH (connector = 'stdout', format = 'csv');\n";

/// The error as it is printed, without the file's name; lines count from the statement's own first one.
std::string error_of(std::string_view sql) {
  const std::string text = std::string(kSetup) + std::string(sql);
  const auto script = compile(text, {}, test::test_catalogue());
  if (script) return "compiles: " + plan::explain(script->plan);
  Error error = script.error();
  EXPECT_TRUE(error.offset) << error.message;
  if (error.offset) *error.offset -= static_cast<std::uint32_t>(kSetup.size());
  return format_error(sql, "q.sql", error);
}

struct Case {
  std::string_view sql;
  std::string_view expected;  ///< the first line, or its beginning
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.sql; }

class Refused : public testing::TestWithParam<Case> {};

TEST_P(Refused, WithPlaceAndReason) {
  const std::string error = error_of(GetParam().sql);
  EXPECT_EQ(error.substr(0, GetParam().expected.size()), GetParam().expected) << error;
}

TEST(Errors, CarryTheLineAndACaret) {
  EXPECT_EQ(error_of("SELECT fare,\n  fares FROM trips"),
            "q.sql:2:3: error: column \"fares\" does not exist; did you mean \"fare\"?\n"
            "  fares FROM trips\n"
            "  ^");
  EXPECT_EQ(error_of("SELECT 'äöü',\tfares FROM trips"),
            "q.sql:1:15: error: column \"fares\" does not exist; did you mean \"fare\"?\n"
            "SELECT 'äöü',\tfares FROM trips\n"
            "             \t^");
  EXPECT_EQ(format_error("", "q.sql", {ErrorCode::Capacity, "too long", std::nullopt, ""}),
            "q.sql: error: too long");
}

TEST(Errors, OfSyntaxCountCharacters) {
  EXPECT_EQ(error_of("SELECT 'äöü' FRM trips, b"),
            "q.sql:1:18: error: syntax error at or near \"trips\"\n"
            "SELECT 'äöü' FRM trips, b\n"
            "                 ^");
}

TEST(Errors, InsideAVariablePointAtTheVariable) {
  const std::string text = "\\set column nothing\nSELECT :column FROM trips";
  EXPECT_EQ(error_of(text),
            "q.sql:2:8: error: column \"nothing\" does not exist\n"
            "SELECT :column FROM trips\n"
            "       ^");
}

INSTANTIATE_TEST_SUITE_P(
    Names, Refused,
    testing::Values(
        Case{"SELECT t.fares FROM trips t",
             "q.sql:1:8: error: column t.fares does not exist; did you mean \"fare\"?"},
        Case{"SELECT q.fare FROM trips", "q.sql:1:8: error: missing FROM-clause entry for table \"q\""},
        Case{"SELECT trips.fare FROM trips t",
             "q.sql:1:8: error: missing FROM-clause entry for table \"trips\""},
        Case{"SELECT fare FROM trip",
             "q.sql:1:18: error: relation \"trip\" does not exist; did you mean \"trips\"?"},
        Case{"SELECT driver FROM trips JOIN zones USING (driver) JOIN zones z ON z.name = trips.driver",
             "q.sql:1:8: error: column reference \"driver\" is ambiguous"},
        Case{
            "SELECT driver FROM trips, zones WHERE trips.driver = zones.driver",
            "q.sql:1:8: error: column reference \"driver\" is ambiguous; write trips.driver or zones.driver"},
        Case{"SELECT fare FROM trips, zones WHERE trips.driver = zones.driver AND driver = 'a'",
             "q.sql:1:69: error: column reference \"driver\" is ambiguous"},
        Case{"SELECT * FROM trips JOIN zones USING (fare)",
             "q.sql:1:26: error: column \"fare\" specified in USING clause: column \"fare\" does not exist"},
        Case{"CREATE VIEW v AS SELECT driver FROM trips; SELECT _seq FROM v",
             "q.sql:1:51: error: column \"_seq\" does not exist; \"_seq\" is a hidden column of a source"},
        Case{"CREATE VIEW v AS SELECT driver, driver FROM trips",
             "q.sql:1:13: error: column \"driver\" specified more than once"},
        Case{"CREATE VIEW trips AS SELECT 1 FROM zones",
             "q.sql:1:13: error: relation \"trips\" already exists"},
        Case{"WITH a AS (SELECT 1 FROM trips), a AS (SELECT 1 FROM trips) SELECT * FROM a",
             "q.sql:1:34: error: WITH query name \"a\" specified more than once"},
        Case{"SELECT median(fare, 2) FROM trips", "q.sql:1:8: error: "},
        Case{"SELECT fare FROM trips ORDER BY 2",
             "q.sql:1:33: error: ORDER BY position 2 is not in select list"}));

INSTANTIATE_TEST_SUITE_P(
    Grouping, Refused,
    testing::Values(
        Case{"SELECT driver, count(*) FROM trips",
             "q.sql:1:8: error: column \"driver\" must appear in the GROUP BY clause or be used in an "
             "aggregate function"},
        Case{"SELECT people + 1 FROM trips GROUP BY people + 2",
             "q.sql:1:8: error: column \"people\" must appear in the GROUP BY clause"},
        Case{"SELECT 1 FROM trips WHERE sum(fare) > 1",
             "q.sql:1:27: error: aggregate functions are not allowed in WHERE; conditions on groups stand in "
             "HAVING"},
        Case{"SELECT sum(sum(fare)) FROM trips",
             "q.sql:1:12: error: aggregate function calls cannot be nested"},
        Case{"SELECT sum(fare) FROM trips GROUP BY 1",
             "q.sql:1:38: error: aggregate and window functions are not allowed in GROUP BY"},
        Case{"SELECT abs(DISTINCT people) FROM trips", "q.sql:1:8: error: abs is not an aggregate function"},
        Case{"SELECT first(n) FROM (SELECT driver, count(*) AS n FROM trips GROUP BY driver) q",
             "q.sql:1:8: error: first() depends on the order of the rows, and groups have no order of their "
             "own"},
        Case{"SELECT driver FROM trips GROUP BY ROLLUP (driver)",
             "q.sql:1:35: error: GROUPING SETS, ROLLUP and CUBE are not supported"},
        Case{"SELECT DISTINCT fare FROM trips ORDER BY driver LIMIT 1",
             "q.sql:1:42: error: for SELECT DISTINCT, ORDER BY expressions must appear in select list"},
        Case{"SELECT DISTINCT ON (driver) fare FROM trips ORDER BY fare",
             "q.sql:1:54: error: SELECT DISTINCT ON expressions must match initial ORDER BY expressions"}));

INSTANTIATE_TEST_SUITE_P(
    Emission, Refused,
    testing::Values(
        Case{"INSERT INTO out SELECT driver, count(*) FROM trips GROUP BY driver",
             "q.sql:1:13: error: the rows of this query change after they were written, and table \"out\" "
             "only appends; "
             "give it an op_column"},
        Case{"CREATE MATERIALIZED VIEW m WITH (emit = 'window_close') AS SELECT driver, count(*) FROM trips "
             "GROUP BY driver",
             "q.sql:1:34: error: emit = 'window_close' needs groups by the bounds of windows"},
        Case{"CREATE MATERIALIZED VIEW m WITH (emit = 'final') AS SELECT count(*) FROM live",
             "q.sql:1:34: error: emit = 'final' needs input that ends"},
        Case{"CREATE MATERIALIZED VIEW m WITH (emit = 'sometimes') AS SELECT 1 FROM live",
             "q.sql:1:34: error: option \"emit\" cannot be 'sometimes'; it is one of: changes, window_close, "
             "on_change, final"},
        Case{"CREATE MATERIALIZED VIEW m WITH (emit = 'on_change', ignore = 'm') AS SELECT count(*) AS n "
             "FROM live",
             "q.sql:1:54: error: option \"ignore\" names \"m\", which is no column of the view"},
        Case{"CREATE MATERIALIZED VIEW m WITH (emti = 'final') AS SELECT count(*) FROM live",
             "q.sql:1:34: error: materialized view \"m\" has no option \"emti\"; did you mean \"emit\"?"},
        Case{"SELECT v FROM live ORDER BY v",
             "q.sql:1:29: error: ORDER BY without LIMIT needs input that ends"},
        Case{"CREATE VIEW w AS SELECT v FROM live ORDER BY v",
             "q.sql:1:46: error: ORDER BY without LIMIT means nothing here"},
        Case{"SELECT driver, count(*) FROM trips GROUP BY driver LIMIT 3",
             "q.sql:1:8: error: LIMIT without ORDER BY needs an append-only input"},
        Case{"SELECT driver, row_number() OVER (ORDER BY fare) FROM trips",
             "q.sql:1:16: error: row_number() in this order needs a limit"},
        Case{"SELECT sum(n) OVER (ORDER BY n) FROM (SELECT driver, count(*) AS n FROM trips GROUP BY driver) "
             "q",
             "q.sql:1:8: error: sum() OVER needs an append-only input; this one takes rows back"},
        Case{"SELECT sum(fare) OVER (ORDER BY fare) FROM trips",
             "q.sql:1:8: error: sum() OVER needs the order in which the rows come"},
        Case{"SELECT sum(fare) OVER (PARTITION BY driver) FROM trips",
             "q.sql:1:8: error: sum() OVER needs ORDER BY: a row is answered when it comes"},
        Case{"SELECT sum(fare) OVER (ORDER BY ts ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM trips",
             "q.sql:1:23: error: a frame that does not end at CURRENT ROW is not supported"},
        Case{"SELECT a.fare FROM trips a JOIN trips b ON a.fare < b.fare",
             "q.sql:1:33: error: a join needs an equality between its sides"}));

INSTANTIATE_TEST_SUITE_P(
    Windows, Refused,
    testing::Values(
        Case{"SELECT * FROM tumble(trips, fare, INTERVAL '1 s')",
             "q.sql:1:29: error: tumble(): the time must be a timestamp, not numeric(8,2); write tumble(r, "
             "ts, INTERVAL '1 minute')"},
        Case{"SELECT * FROM tumble(trips, ts)", "q.sql:1:15: error: tumble(): \"size\" is missing"},
        Case{"SELECT * FROM tumble(trips, ts, INTERVAL '0 s')",
             "q.sql:1:33: error: tumble(): \"size\" must be a constant above zero"},
        Case{"SELECT * FROM hop(trips, ts, size => INTERVAL '1 s')",
             "q.sql:1:15: error: hop(): \"slide\" is missing"},
        Case{"SELECT * FROM tumbel(trips, ts, INTERVAL '1 s')",
             "q.sql:1:15: error: function tumbel() is not known in FROM; did you mean \"tumble\"?"},
        Case{"SELECT * FROM tumble((SELECT 1), ts, INTERVAL '1 s')",
             "q.sql:1:15: error: tumble() takes the name of a table, view or CTE first"},
        Case{"SELECT * FROM sliding(trips, ts, INTERVAL '1 s', clock => 'watermark')",
             "q.sql:1:50: error: clock => ... is not supported"},
        Case{"SELECT * FROM session(trips, ts, INTERVAL '1 s')",
             "q.sql:1:15: error: session() windows are not supported"},
        Case{"SELECT tumble(ts) FROM trips", "q.sql:1:8: error: tumble() stands in FROM, not in SELECT"},
        Case{"CREATE VIEW v AS SELECT ts + INTERVAL '1 s' AS ts FROM trips; SELECT * FROM tumble(v, ts, "
             "INTERVAL '1 s')",
             "q.sql:1:87: error: \"ts\" is not the event time of the rows"},
        Case{"CREATE VIEW v AS SELECT * FROM live ORDER BY v LIMIT 3; SELECT * FROM tumble(v, ts, INTERVAL "
             "'1 s')",
             "q.sql:1:81: error: \"ts\" is not the event time of the rows"},
        Case{"SELECT * FROM tumble(trips, ts, INTERVAL '1 month')", "q.sql:1:42: error: "}));

INSTANTIATE_TEST_SUITE_P(
    Traps, Refused,
    testing::Values(
        Case{"SELECT INTERVAL '10' MINUTES FROM trips",
             "q.sql:1:8: error: this is an interval of seconds, named \"minutes\"; write the unit inside the "
             "quotes"},
        Case{"SELECT 1 FROM trips ASOF JOIN zones ON true",
             "q.sql:1:15: error: ASOF here is only another name"},
        Case{"SELECT 1 FROM trips EMIT", "q.sql:1:15: error: EMIT here is only another name"},
        Case{"SELECT user FROM trips",
             "q.sql:1:8: error: user, current_user and the like mean the session's user"},
        Case{"SELECT now() FROM trips", "q.sql:1:8: error: now() is not supported; use the event time"},
        Case{"SELECT current_timestamp FROM trips",
             "q.sql:1:8: error: the current time is not a function of the input"},
        Case{"CREATE SOURCE s (a int)",
             "q.sql:1:8: error: syntax error at or near \"SOURCE\"; a source is a table: CREATE TABLE"},
        Case{"CREATE TABLE s (ts timestamp, WATERMARK FOR ts AS ts)",
             "q.sql:1:41: error: syntax error at or near \"FOR\"; the watermark is an option"},
        Case{"SELECT 1 FROM trips EMIT CHANGES",
             "q.sql:1:26: error: syntax error at or near \"CHANGES\"; emission is an option"},
        Case{"SELECT rank() OVER (ORDER BY ts) FROM trips",
             "q.sql:1:8: error: rank() is not supported; use row_number()"},
        Case{"SELECT fare FROM trips WHERE EXISTS (SELECT 1 FROM zones)",
             "q.sql:1:30: error: EXISTS (SELECT ...) is not supported; put the sub-query into FROM"},
        Case{"SELECT fare FROM trips WHERE driver IN (SELECT driver FROM zones)",
             "q.sql:1:37: error: IN (SELECT ...) is not supported"},
        Case{"SELECT *", "q.sql:1:8: error: SELECT * with no tables specified is not valid"},
        Case{"SELECT fare", "q.sql:1:8: error: column \"fare\" does not exist"},
        Case{"DELETE FROM trips", "q.sql:1:13: error: DELETE is not supported"},
        Case{"WITH RECURSIVE r AS (SELECT 1 AS n FROM trips) SELECT n FROM r",
             "q.sql:1:1: error: WITH RECURSIVE is not supported"},
        Case{"SELECT 1 FROM trips FULL JOIN zones USING (driver)",
             "q.sql:1:31: error: FULL JOIN is not supported"}));

INSTANTIATE_TEST_SUITE_P(
    Tables, Refused,
    testing::Values(
        Case{"CREATE TABLE x (a smallint) WITH (connector = 'stdout', format = 'csv')",
             "q.sql:1:19: error: type int2 is not supported; use int"},
        Case{"CREATE TABLE x (a int[]) WITH (connector = 'stdout', format = 'csv')",
             "q.sql:1:19: error: type int4[] is not supported; there are no arrays"},
        Case{"CREATE TABLE x (a txet) WITH (connector = 'stdout', format = 'csv')",
             "q.sql:1:19: error: type \"txet\" does not exist; did you mean \"text\"?"},
        Case{"CREATE TABLE x (a numeric(50,2)) WITH (connector = 'stdout', format = 'csv')",
             "q.sql:1:19: error: NUMERIC precision 50 must be between 1 and 38"},
        Case{"CREATE TABLE x (a numeric(5,-2)) WITH (connector = 'stdout', format = 'csv')",
             "q.sql:1:19: error: NUMERIC scale -2 must be between 0 and precision 5"},
        Case{"CREATE TABLE x (a int)",
             "q.sql:1:14: error: table \"x\" needs WITH (connector = ...); known are: file"},
        Case{"CREATE TABLE x (a int) WITH (connector = 'fil')",
             "q.sql:1:30: error: connector \"fil\" does not exist; did you mean \"file\"?"},
        Case{"CREATE TABLE x (a int) WITH (connector = 'file', pth = 'x', format = 'csv')",
             "q.sql:1:50: error: table \"x\" has no option \"pth\"; did you mean \"path\"?"},
        Case{"CREATE TABLE x (a int) WITH (connector = 'file', format = 'csv')",
             "q.sql:1:14: error: connector \"file\" needs option \"path\""},
        Case{"CREATE TABLE x (a int) WITH (connector = 'file', path = 'x', rate = 'fast', format = 'csv')",
             "q.sql:1:62: error: option \"rate\": invalid input syntax for type double precision: \"fast\""},
        Case{"CREATE TABLE x (a int) WITH (connector = 'blackhole', format = 'csv')",
             "q.sql:1:55: error: connector \"blackhole\" takes no format"},
        Case{"CREATE TABLE x (a int) WITH (connector = 'stdin', format = 'csv', event_time = a)",
             "q.sql:1:67: error: event_time must be a timestamp column, and \"a\" is integer"},
        Case{"CREATE TABLE x (a int) WITH (connector = 'stdin', format = 'csv', watermark_delay = '5 s')",
             "q.sql:1:67: error: option \"watermark_delay\" needs option \"event_time\""},
        Case{"CREATE TABLE x (a timestamp) WITH (connector = 'stdin', format = 'csv', event_time = a, late = "
             "'never')",
             "q.sql:1:89: error: option \"late\" cannot be 'never'"},
        Case{"CREATE TABLE x (a int, CONSTRAINT c CHECK (a)) WITH (connector = 'stdin', format = 'csv')",
             "q.sql:1:44: error: argument of CHECK must be type boolean, not type integer"},
        Case{"CREATE TABLE x (a int DEFAULT 1) WITH (connector = 'stdin', format = 'csv')",
             "q.sql:1:23: error: DEFAULT is not supported in CREATE TABLE"},
        Case{"SELECT * FROM out",
             "q.sql:1:15: error: table \"out\" cannot be read: connector \"stdout\" only writes"},
        Case{"INSERT INTO live SELECT ts, people FROM trips",
             "q.sql:1:13: error: table \"live\" cannot be written: connector \"endless\" only reads"},
        Case{"INSERT INTO out SELECT driver, people, people FROM trips",
             "q.sql:1:24: error: INSERT has more expressions than target columns"},
        Case{"INSERT INTO out (driver, m) SELECT driver, people FROM trips",
             "q.sql:1:26: error: column \"m\" of relation \"out\" does not exist"},
        Case{"INSERT INTO out SELECT driver, free FROM trips",
             "q.sql:1:24: error: column \"n\" is of type bigint but expression is of type boolean"},
        Case{"INSERT INTO out VALUES ('a', 1)", "q.sql:1:25: error: INSERT needs a SELECT"}));

}  // namespace
}  // namespace dart::sql
