// A plan cut for many machines gives the rows of one machine, in their order, however messages are delayed.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/random.hpp"
#include "plan/order_needs.hpp"
#include "sql/compile.hpp"
#include "support/engine_driver.hpp"
#include "support/memory_connectors.hpp"
#include "support/random_query.hpp"
#include "support/ring_driver.hpp"

namespace dart::support {
namespace {

using columnar::Value;

constexpr std::int64_t kSecond = 1'000'000;

using Tables = std::map<std::string, std::vector<Cells>>;

plan::Plan compile(const std::string& sql) {
  const auto script = sql::compile(sql, {}, memory_catalogue());
  EXPECT_TRUE(script) << sql << "\n" << script.error().message;
  return script ? script->plan : plan::Plan();
}

std::vector<Written> run_whole(const plan::Plan& plan, const Tables& tables, std::size_t chunk_rows) {
  MemoryConnectors connectors;
  connectors.inputs = tables;
  const auto report = run_engine(plan, chunk_rows, 1, connectors);
  EXPECT_TRUE(report) << report.error().message;
  return connectors.outputs["out"];
}

/// Rows of each table dealt out to its readers, and one place for what is written.
class Shares {
 public:
  Shares(const Tables& tables, const std::map<std::string, std::uint32_t>& readers, std::uint64_t seed) {
    Random random(seed);
    for (const auto& [name, rows] : tables) {
      const auto count = readers.find(name);
      const std::uint32_t of = count == readers.end() ? 1 : count->second;
      for (std::uint32_t r = 0; r < of; ++r) reader(name, r);
      // Now and then a long run of rows comes at one reader while others are quiet.
      std::uint32_t to = 0;
      for (const Cells& row : rows) {
        if (!random.chance(1, 4)) to = static_cast<std::uint32_t>(random.below(of));
        reader(name, to).inputs[name].push_back(row);
      }
    }
  }
  MemoryConnectors& reader(const std::string& table, std::uint32_t number) {
    if (table.empty()) return sinks;
    auto& connectors = readers_[{table, number}];
    if (!connectors) connectors = std::make_unique<MemoryConnectors>();
    return *connectors;
  }
  MemoryConnectors sinks;

 private:
  std::map<std::pair<std::string, std::uint32_t>, std::unique_ptr<MemoryConnectors>> readers_;
};

std::string text_of(const Written& row) { return fmt::format("{:+} {}", row.weight, to_string(row.row)); }

/// Empty, or where the first difference is.
std::string compare(const std::vector<Written>& expected, const std::vector<Written>& got) {
  for (std::size_t r = 0; r < std::min(expected.size(), got.size()); ++r) {
    const bool same = expected[r].weight == got[r].weight && nearly_equal(expected[r].row, got[r].row);
    // Which rows are of one step counts too, not the step's number.
    const bool starts = r == 0 || expected[r].step != expected[r - 1].step;
    const bool starts_here = r == 0 || got[r].step != got[r - 1].step;
    if (same && (starts == starts_here || !expected[r].step)) continue;
    return fmt::format("row {}: expected {} in step {}, got {} in step {}", r, text_of(expected[r]),
                       expected[r].step.value_or(-1), text_of(got[r]), got[r].step.value_or(-1));
  }
  if (expected.size() == got.size()) return {};
  return fmt::format("{} rows instead of {}", got.size(), expected.size());
}

/// Whether rows come in the order of what they were made of; those of one closed window have none of their
/// own.
bool has_order(const plan::Plan& plan) {
  const std::vector<plan::OrderNeed> needs = plan::order_needs(plan);
  for (plan::NodeId n = 0; n < plan.nodes.size(); ++n) {
    const auto* scan = std::get_if<plan::Scan>(&plan.nodes[n].kind);
    if (scan != nullptr && needs[n] == plan::OrderNeed::None) return false;
  }
  return true;
}

void sort_rows(std::vector<Written>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Written& a, const Written& b) { return CellsLess()(a.row, b.row); });
}

struct Way {
  std::uint32_t readers = 1;
  std::size_t chunk_rows = 2048;
  bool moves = false;
  std::uint32_t partitions = 1;
  std::uint32_t combines = 0;
  std::optional<std::uint32_t> combines_later = std::nullopt;
  std::uint64_t* rows_crossed = nullptr;
};

std::vector<Way> ways() {
  return {{1, 2048, false}, {2, 1, false}, {2, 3, true},  {4, 2048, false},
          {4, 3, true},     {7, 1, true},  {7, 3, false}, {7, 2048, true}};
}

/// The same with Combines on the way: some, chained, others after a move, all left out from there on.
std::vector<Way> combining_ways() {
  std::vector<Way> all = ways();
  for (const Way& way : ways()) {
    if (way.readers < 2) continue;
    all.push_back({way.readers, way.chunk_rows, way.moves, 1, way.readers / 2, std::nullopt});
    if (way.moves) all.push_back({way.readers, way.chunk_rows, true, 1, 3, 1});
    if (way.moves) all.push_back({way.readers, way.chunk_rows, true, 1, 0, 5});
    if (way.moves) all.push_back({way.readers, way.chunk_rows, true, 3, 2, 0});
  }
  return all;
}

std::vector<Written> run_split(const plan::Plan& plan, const Tables& tables, const Way& way,
                               std::uint64_t seed) {
  const auto distribution = plan::distribute(plan, {way.partitions});
  if (!distribution) {
    ADD_FAILURE() << distribution.error().message;
    return {};
  }
  RingRun run;
  run.seed = seed;
  run.chunk_rows = way.chunk_rows;
  run.moves = way.moves;
  run.combines = way.combines;
  run.combines_later = way.combines_later;
  run.rows_crossed = way.rows_crossed;
  for (const plan::TableDefinition& table : plan.tables) {
    if (table.label.starts_with("site=")) run.readers[table.name] = way.readers;
  }
  Shares shares(tables, run.readers, seed);
  const Status status = run_ring(
      *distribution, run, [&](const std::string& table, std::uint32_t number) -> auto& {
        return shares.reader(table, number);
      });
  EXPECT_TRUE(status) << status.error().message;
  return shares.sinks.outputs["out"];
}

/// Empty, or how the split run differs from that of one machine.
std::string check(const plan::Plan& plan, const Tables& tables, const Way& way, std::uint64_t seed,
                  std::size_t whole_chunk_rows = 2048) {
  std::vector<Written> expected = run_whole(plan, tables, whole_chunk_rows);
  std::vector<Written> got = run_split(plan, tables, way, seed);
  if (!has_order(plan)) {
    sort_rows(expected);
    sort_rows(got);
  }
  return compare(expected, got);
}

void expect_same(const std::string& sql, const Tables& tables) {
  const plan::Plan plan = compile(sql);
  if (plan.nodes.empty()) return;
  std::uint64_t seed = 1;
  for (const Way& way : ways()) {
    SCOPED_TRACE(fmt::format("{} readers, {} rows a chunk, moves {}, seed {}", way.readers, way.chunk_rows,
                             way.moves, seed));
    EXPECT_FALSE(run_whole(plan, tables, way.chunk_rows).empty()) << sql;
    EXPECT_EQ(check(plan, tables, way, seed++), "") << sql;
  }
}

Tables some_rows(std::uint64_t seed, std::size_t count) {
  Tables tables;
  for (const std::string name : {"t", "other"}) {
    Random random(seed++);
    std::int64_t now = 0;
    for (std::size_t n = 0; n < count; ++n) {
      now += static_cast<std::int64_t>(random.below(3)) * kSecond;
      const std::string text = random.chance(1, 3) ? "a text that is too long to stand inline" : "b";
      tables[name].push_back({Value::timestamp(now), Value::integer(static_cast<std::int64_t>(n)),
                              Value::integer(static_cast<std::int64_t>(random.below(5))),
                              Value::real(0.5 * static_cast<double>(random.below(40))), Value::text(text)});
    }
  }
  return tables;
}

std::string table(const std::string& name, const std::string& options) {
  return fmt::format(
      "CREATE TABLE {} (ts timestamp, id int, k int, v double precision, s text) WITH "
      "(connector = 'memory', event_time = ts{});\n",
      name, options);
}
const std::string kShared = ", label = 'site=x', tie_break = 'id'";

std::string query(const std::string& columns, const std::string& select, const std::string& other = "") {
  const bool changes = columns.find(" op") != std::string::npos;
  return table("t", kShared) + table("other", other) + "CREATE TABLE out (" + columns +
         ") WITH (connector = 'memory'" + (changes ? ", op_column = op" : "") + ");\nINSERT INTO out " +
         select + ";\n";
}

TEST(RingStages, RowsPassInTheOrderOfTheTable) {
  expect_same(query("id int, s text", "SELECT id, s FROM t WHERE k > 1"), some_rows(1, 80));
}

TEST(RingStages, PlacesAreThoseOfTheMergedOrder) {
  expect_same(query("n bigint, id int", "SELECT _seq, id FROM t WHERE k > 1"), some_rows(2, 80));
}

TEST(RingStages, OrderDependentOperators) {
  const Tables rows = some_rows(3, 90);
  expect_same(query("k int, n bigint, x double precision, s text, op text",
                    "SELECT k, count(*), sum(v), max(s) FROM t GROUP BY k"),
              rows);
  expect_same(
      query("k int, a double precision, b double precision, n bigint",
            "SELECT k, lag(v, 2) OVER w, sum(v) OVER (PARTITION BY k ORDER BY _seq ROWS 2 PRECEDING), "
            "row_number() OVER w FROM t WINDOW w AS (PARTITION BY k ORDER BY _seq)"),
      rows);
  expect_same(query("k int, w bigint, x double precision",
                    "SELECT k, window_id, sum(v) FROM count_window(t, 7, k) GROUP BY window_id, k"),
              rows);
  expect_same(
      query("k int, id int, v double precision, op text",
            "SELECT DISTINCT ON (k) k, id, v FROM sliding(t, ts, INTERVAL '8 s') ORDER BY k, _seq DESC"),
      rows);
  expect_same(query("a bigint, b bigint, op text",
                    "SELECT a.n, b.n FROM (SELECT count(*) AS n FROM t WHERE k < 3) a CROSS JOIN "
                    "(SELECT count(*) AS n FROM t WHERE k > 1) b"),
              rows);
}

TEST(RingStages, TablesMeetByEventTime) {
  const Tables rows = some_rows(4, 60);
  const std::string join = "SELECT t.id, other.v FROM t LEFT JOIN other ON t.k = other.k AND t.v < other.v";
  for (const std::string other :
       {"", ", label = 'site=y', tie_break = 'id'", ", label = 'node=one'", ", watermark_delay = '3 s'"}) {
    expect_same(query("a int, b double precision, op text", join, other), rows);
  }
}

TEST(RingStages, WindowsCloseInTheirOrder) {
  const Tables rows = some_rows(5, 120);
  expect_same(query("w timestamp, n bigint, x double precision",
                    "SELECT window_start, count(*), sum(v) FROM tumble(t, ts, INTERVAL '5 s') "
                    "GROUP BY window_start, window_end"),
              rows);
  expect_same(query("w timestamp, s text, id int",
                    "SELECT window_start, first(s), last(id) FROM "
                    "hop(t, ts, INTERVAL '2 s', INTERVAL '6 s') GROUP BY window_start, window_end"),
              rows);
  expect_same(query("w timestamp, k int, x double precision",
                    "SELECT window_start, k, max(v) FROM tumble(t, ts, INTERVAL '5 s') "
                    "GROUP BY window_start, window_end, k"),
              rows);
}

TEST(RingStages, PartitionsGiveWindowsInTheirOrder) {
  const Tables rows = some_rows(5, 150);
  const plan::Plan plan = compile(query("w timestamp, k int, x double precision",
                                        "SELECT window_start, k, max(v) FROM tumble(t, ts, INTERVAL '5 s') "
                                        "GROUP BY window_start, window_end, k"));
  std::uint64_t seed = 1;
  for (Way way : ways()) {
    way.partitions = 3;
    EXPECT_EQ(check(plan, rows, way, ++seed), "");
    const std::vector<Written> written = run_split(plan, rows, way, seed);
    EXPECT_TRUE(std::is_sorted(written.begin(), written.end(), [](const Written& a, const Written& b) {
      return columnar::compare(a.row[0], b.row[0]) < 0;
    }));
  }
}

/// Every aggregate that can be combined, rows in any order of time, some too late.
std::string parts_query(const std::string& window, const std::string& more_columns, const std::string& more) {
  return table("t", ", watermark_delay = '2 s', label = 'site=x'") +
         "CREATE TABLE out (w timestamp, k int, n bigint, s bigint, m numeric, x double precision, a double "
         "precision, lo int, hi text, all_of boolean, any_of boolean, d double precision, few bigint" +
         more_columns + ") WITH (connector = 'memory');\nINSERT INTO out SELECT window_start, k, count(*), " +
         "sum(id), avg(id), sum(v), avg(v), min(id), max(s), bool_and(v > 3), bool_or(id < 9), stddev(v), " +
         "count(*) FILTER (WHERE v < 5)" + more + " FROM " + window +
         " WHERE v <> 7 GROUP BY window_start, window_end, k;\n";
}

Tables shuffled_rows(std::uint64_t seed, std::size_t count) {
  Tables tables = some_rows(seed, count);
  tables.erase("other");
  Random random(seed);
  auto& rows = tables["t"];
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (random.chance(1, 2)) std::swap(rows[i], rows[i - 1 - random.below(std::min<std::size_t>(i, 8))]);
    if (random.chance(1, 10)) rows[i][2] = Value::null(rows[i][2].type());
  }
  return tables;
}

TEST(RingStages, WindowsInPartsAreThoseOfWholeOnes) {
  for (const std::string window :
       {"tumble(t, ts, INTERVAL '5 s')", "hop(t, ts, INTERVAL '2 s', INTERVAL '6 s')",
        "hop(t, ts, INTERVAL '3 s', INTERVAL '7 s')"}) {
    const plan::Plan parts = compile(parts_query(window, "", ""));
    // This one's state is all its values: they are brought to one place.
    const plan::Plan whole = compile(
        parts_query(window, ", p double precision", ", percentile_disc(0.5) WITHIN GROUP (ORDER BY v)"));
    std::uint64_t seed = 1;
    for (const Way& way : combining_ways()) {
      SCOPED_TRACE(fmt::format("{}: {} readers, {} rows a chunk, moves {}, {} combines, seed {}", window,
                               way.readers, way.chunk_rows, way.moves, way.combines, seed));
      const Tables rows = shuffled_rows(seed, 30 + 40 * (seed % 5));
      std::vector<Written> expected = run_split(whole, rows, way, seed);
      std::vector<Written> got = run_split(parts, rows, way, seed);
      for (Written& row : expected) row.row.pop_back();
      EXPECT_TRUE(std::is_sorted(got.begin(), got.end(), [](const Written& a, const Written& b) {
        return columnar::compare(a.row[0], b.row[0]) < 0;
      })) << "windows leave in order";
      sort_rows(expected);
      sort_rows(got);
      EXPECT_FALSE(got.empty());
      EXPECT_EQ(compare(expected, got), "");
      ++seed;
    }
  }
}

TEST(RingStages, GatewaysWithoutRowsHoldNothingBack) {
  const plan::Plan plan = compile(parts_query("tumble(t, ts, INTERVAL '5 s')", "", ""));
  std::uint64_t seed = 1;
  for (Way way : combining_ways()) {
    way.readers = 12;
    EXPECT_EQ(check(plan, {{"t", some_rows(9, 3)["t"]}}, way, seed++), "");
  }
  EXPECT_EQ(check(plan, {{"t", {}}}, {3, 2048, true, 1, 2}, 1), "");
}

TEST(RingStages, FewerRowsCrossInParts) {
  const Tables rows = {{"t", some_rows(10, 600)["t"]}};
  std::uint64_t whole = 0;
  std::uint64_t parts = 0;
  std::uint64_t combined = 0;
  const std::string window = "tumble(t, ts, INTERVAL '60 s')";
  (void)run_split(compile(parts_query(window, ", p double precision",
                                      ", percentile_disc(0.5) WITHIN GROUP (ORDER BY v)")),
                  rows, {6, 2048, false, 1, 0, std::nullopt, &whole}, 1);
  const plan::Plan plan = compile(parts_query(window, "", ""));
  (void)run_split(plan, rows, {6, 2048, false, 1, 0, std::nullopt, &parts}, 1);
  (void)run_split(plan, rows, {6, 2048, false, 1, 1, std::nullopt, &combined}, 1);
  EXPECT_GT(whole, 500U);
  EXPECT_LT(parts, whole / 2);
  EXPECT_LT(combined, parts * 4 / 5) << "half of the readers leave the Combine out";
}

TEST(RingStages, OneRowComesBeforeAllOthers) {
  expect_same(query("a int, n bigint, op text",
                    "SELECT o.x, n FROM (SELECT 7 AS x) o CROSS JOIN (SELECT count(*) AS n FROM t) c"),
              some_rows(6, 30));
}

TEST(RingStages, RandomQueries) {
  std::size_t compared = 0;
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    RandomQuery random = random_query(seed);
    const std::string plain = "event_time = ts";
    const auto place = random.sql.find(plain);
    ASSERT_NE(place, std::string::npos);
    random.sql.replace(place, plain.size(), plain + ", label = 'site=x', tie_break = 'k, g, x, y, m'");
    const auto script = sql::compile(random.sql, {}, memory_catalogue());
    if (!script) continue;
    // Which rows are late is for each reader to say: here none is.
    std::vector<Cells> good;
    std::copy_if(random.rows.begin(), random.rows.end(), std::back_inserter(good),
                 [](const Cells& row) { return !row.empty(); });
    std::stable_sort(good.begin(), good.end(),
                     [](const Cells& a, const Cells& b) { return columnar::compare(a[0], b[0]) < 0; });
    auto next = good.begin();
    for (Cells& row : random.rows) {
      if (!row.empty()) row = *next++;
    }
    const Tables tables = {{"t", random.rows}};
    if (!plan::distribute(script->plan, {1})) {
      ++refused;
      continue;
    }
    Random draw(seed);
    const std::vector<Way> all = ways();
    const Way way = all[draw.below(all.size())];
    SCOPED_TRACE(fmt::format("seed {}: {} readers, {} rows a chunk, moves {}", seed, way.readers,
                             way.chunk_rows, way.moves));
    EXPECT_EQ(check(script->plan, tables, way, seed, way.chunk_rows), "") << random.sql;
    ++compared;
  }
  EXPECT_GT(compared, 60U);
  EXPECT_EQ(refused, 0U);
}

}  // namespace
}  // namespace dart::support
