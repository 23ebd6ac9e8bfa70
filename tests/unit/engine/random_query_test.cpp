// Random queries over random rows: what the engine hands to the sink, step by step, against the naive
// executor.
#include "support/random_query.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

#include "sql/compile.hpp"
#include "support/engine_driver.hpp"
#include "support/memory_connectors.hpp"
#include "support/naive_executor.hpp"

namespace dart::support {
namespace {

using Bag = std::map<Cells, std::int64_t, CellsLess>;

std::vector<Cells> rows_of(const Bag& bag) {
  std::vector<Cells> rows;
  for (const auto& [row, count] : bag) {
    for (std::int64_t i = 0; i < count; ++i) rows.push_back(row);
  }
  return rows;
}

/// The sink's view after every step, and what it was handed in every step.
struct Truth {
  std::map<std::int64_t, std::vector<Cells>> views;
  std::vector<Emission> emitted;
  std::int64_t last_step = 0;
};

Truth naive_run(const plan::Plan& plan, const std::vector<Cells>& rows) {
  Truth truth;
  NaiveExecutor naive(plan);
  const plan::NodeId sink = plan.sinks().front();
  const auto table = static_cast<std::uint32_t>(
      std::find_if(plan.tables.begin(), plan.tables.end(), [](const auto& t) { return t.name == "t"; }) -
      plan.tables.begin());
  // What the sink's input shows, also where its emission has a shape of its own.
  const auto shown = [&] { return naive.rows(plan.nodes[sink].inputs[0].node); };
  truth.views[0] = shown();
  for (std::size_t r = 0; r < rows.size(); ++r) {
    truth.last_step = static_cast<std::int64_t>(r) + 1;
    if (!rows[r].empty()) naive.step(table, truth.last_step, rows[r]);
    truth.views[truth.last_step] = shown();
  }
  naive.end();
  truth.views[truth.last_step + 1] = shown();
  truth.emitted = naive.emitted(sink);
  return truth;
}

std::string listing(const std::vector<Written>& written, std::int64_t wanted) {
  constexpr int kShown = 20;
  std::string text;
  int shown = 0;
  for (const Written& row : written) {
    const std::int64_t step = row.step.value_or(row.progress_last);
    if (step != wanted || ++shown > kShown) continue;
    text += fmt::format("  {:+} {} in step {}\n", row.weight, to_string(row.row), step);
  }
  return text;
}

/// Empty, or what is wrong: after each step in which rows came, the sum of all rows so far must be the view.
std::string check_steps(const std::vector<Written>& written, const Truth& truth, bool steps_matter) {
  Bag sum;
  for (std::size_t i = 0; i < written.size();) {
    const std::int64_t step = steps_matter ? *written[i].step : written[i].progress_last;
    std::set<Cells, CellsLess> inserted;
    for (; i < written.size(); ++i) {
      const Written& row = written[i];
      if ((steps_matter ? *row.step : row.progress_last) != step) break;
      if (row.weight > 0) inserted.insert(row.row);
      if (row.weight < 0 && !inserted.empty()) return fmt::format("step {} retracts after it inserted", step);
      if ((sum[row.row] += row.weight) == 0) sum.erase(row.row);
    }
    for (const auto& [row, count] : sum) {
      if (count < 0)
        return fmt::format("after step {} row {} is there {} times", step, to_string(row), count);
    }
    const auto expected = std::prev(truth.views.upper_bound(step));
    // What the end of the input brings may be written under the last step, or with it.
    const bool at_end = step >= truth.last_step && same_bag(rows_of(sum), truth.views.rbegin()->second);
    if (!at_end && !same_bag(rows_of(sum), expected->second)) {
      return fmt::format("after step {}\n{}written in this step\n{}", step,
                         difference(expected->second, rows_of(sum)), listing(written, step));
    }
  }
  return {};
}

/// Steps whose rows must have come but did not.
std::string check_nothing_missing(const std::vector<Written>& written, const Truth& truth) {
  std::set<std::int64_t> steps;
  for (const Written& row : written) steps.insert(*row.step);
  for (const Emission& row : truth.emitted) {
    const bool may_come_later = row.step <= 0;  // what is there before any row comes with the first step
    // A double that moved in its last digits is not a change that anybody could ask for.
    if (row.step > 0 && same_bag(std::prev(truth.views.lower_bound(row.step))->second,
                                 std::prev(truth.views.upper_bound(row.step))->second)) {
      continue;
    }
    if (!may_come_later && !steps.contains(row.step)) {
      return fmt::format("step {} should give {:+} {}", row.step, row.weight, to_string(row.row));
    }
  }
  return {};
}

std::string check_total(const std::vector<Written>& written, const Truth& truth) {
  Bag sum;
  for (const Written& row : written) {
    if ((sum[row.row] += row.weight) == 0) sum.erase(row.row);
  }
  const std::vector<Cells>& expected = truth.views.rbegin()->second;
  if (same_bag(rows_of(sum), expected)) return {};
  return "at the end\n" + difference(expected, rows_of(sum));
}

struct Outcome {
  bool compiled = false;
  std::string refusal;
  std::string wrong;
};

Outcome check_query(const RandomQuery& query, const std::string& name) {
  Outcome outcome;
  const auto script = sql::compile(query.sql, {}, memory_catalogue());
  if (!script) {
    outcome.refusal = script.error().message;
    return outcome;
  }
  outcome.compiled = true;
  const plan::Plan& plan = script->plan;
  plan.check_invariants();
  const Truth truth = naive_run(plan, query.rows);
  for (const std::size_t workers : {1, 2}) {
    for (const std::size_t chunk_rows : {1, 3, 2048, 2}) {
      MemoryConnectors connectors;
      connectors.inputs["t"] = query.rows;
      const bool moving = chunk_rows == 2;
      const auto report = moving ? run_engine_moving(plan, chunk_rows, workers, connectors)
                                 : run_engine(plan, chunk_rows, workers, connectors);
      const auto& written = connectors.outputs["out"];
      if (!report) {
        outcome.wrong = "failed: " + report.error().message;
      } else {
        const bool stepped =
            std::all_of(written.begin(), written.end(), [](const auto& w) { return w.step; });
        const bool per_step = query.emit == "changes" || query.emit == "on_change";
        if (per_step) outcome.wrong = check_steps(written, truth, stepped);
        if (per_step && stepped && outcome.wrong.empty())
          outcome.wrong = check_nothing_missing(written, truth);
        if (outcome.wrong.empty()) outcome.wrong = check_total(written, truth);
      }
      if (!outcome.wrong.empty()) {
        outcome.wrong = fmt::format("{}, chunk rows {}, workers {}: {}\n{}\n{}", name, chunk_rows, workers,
                                    outcome.wrong, query.sql, plan::explain(plan));
        return outcome;
      }
    }
  }
  return outcome;
}

void run_seeds(std::uint64_t first, std::uint64_t count) {
  std::cout << "seeds " << first << " to " << first + count - 1 << std::endl;
  std::uint64_t compiled = 0;
  std::map<std::string, int> refusals;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const Outcome outcome = check_query(random_query(seed), fmt::format("seed {}", seed));
    compiled += outcome.compiled ? 1 : 0;
    if (!outcome.compiled) ++refusals[outcome.refusal];
    ASSERT_TRUE(outcome.wrong.empty()) << outcome.wrong;
  }
  for (const auto& [reason, times] : refusals)
    std::cout << "refused " << times << " times: " << reason << "\n";
  EXPECT_GE(compiled * 10, count * 6) << "too many queries are refused to mean much";
}

/// Rows of many keys, so that views grow far beyond what they show.
std::vector<Cells> rows_of_many_keys(std::uint64_t seed, std::size_t count) {
  Random random(seed);
  std::vector<Cells> rows;
  for (std::uint64_t r = 0; r < count; ++r) {
    const auto key = random.chance(1, 40)
                         ? columnar::Value::null(columnar::LogicalType::of(columnar::TypeId::Int))
                         : columnar::Value::integer(static_cast<std::int64_t>(random.below(count / 2)));
    rows.push_back({columnar::Value::timestamp(static_cast<std::int64_t>(r / 2) * 1'000'000), key,
                    columnar::Value::integer(static_cast<std::int64_t>(random.below(60)) - 30),
                    columnar::Value::real(random.unit() - 0.5)});
  }
  return rows;
}

void expect_right(const std::string& view, const std::string& columns, const std::string& emit = "changes",
                  std::size_t rows = 900) {
  RandomQuery query;
  query.emit = emit;
  query.rows = rows_of_many_keys(7, rows);
  query.sql =
      "CREATE TABLE t (ts timestamp NOT NULL, k int, x int, y double precision)\n"
      "WITH (connector = 'memory', event_time = ts);\n"
      "CREATE VIEW numbered AS SELECT _seq AS n, ts, k, x, y FROM t;\n"
      "CREATE VIEW recent AS SELECT * FROM sliding(numbered, ts, INTERVAL '350 s');\n"
      "CREATE MATERIALIZED VIEW shown WITH (" +
      (emit == "on_change" ? std::string("emit = 'on_change', ignore = 'at'") : "emit = '" + emit + "'") +
      ") AS " + view + ";\nCREATE TABLE out (" + columns + (emit == "changes" ? ", op text" : "") +
      ") WITH (connector = 'memory'" + (emit == "changes" ? ", op_column = op" : "") +
      ");\nINSERT INTO out SELECT * FROM shown;\n";
  const Outcome outcome = check_query(query, view);
  EXPECT_TRUE(outcome.compiled) << outcome.refusal;
  EXPECT_EQ(outcome.wrong, "");
}

TEST(LongTail, TopOfManyGroups) {
  expect_right(
      "SELECT k, s, rk FROM (SELECT k, s, row_number() OVER (ORDER BY s DESC, k) AS rk FROM "
      "(SELECT k, sum(x) AS s FROM recent GROUP BY k) g) r WHERE rk <= 4",
      "k int, s bigint, rk bigint");
}
TEST(LongTail, TopByExactQuotients) {
  expect_right("SELECT k, q FROM (SELECT k, avg(x) AS q FROM recent GROUP BY k) g ORDER BY q, k LIMIT 3",
               "k int, q numeric");
}
TEST(LongTail, TopOfRowsWithoutKey) {
  expect_right("SELECT x, y FROM recent ORDER BY y DESC, x LIMIT 5", "x int, y double precision");
  expect_right("SELECT x FROM recent ORDER BY x LIMIT 5 OFFSET 2", "x int");
}
TEST(LongTail, NewestRow) {
  expect_right(
      "SELECT _seq AS n, x FROM (SELECT _seq, x FROM sliding(t, ts, INTERVAL '350 s')) s ORDER BY n DESC "
      "LIMIT 1",
      "n bigint, x int");
}
// The best rows are the next to leave, so the front runs out again and again.
TEST(LongTail, OldestRows) {
  expect_right("SELECT n, x FROM recent ORDER BY n LIMIT 5", "n bigint, x int");
  expect_right("SELECT k, s FROM (SELECT k, min(n) AS s FROM recent GROUP BY k) g ORDER BY s LIMIT 20",
               "k int, s bigint");
}
TEST(Newest, RowOfEachKey) {
  expect_right("SELECT DISTINCT ON (k) k, n, x FROM recent ORDER BY k, n DESC", "k int, n bigint, x int",
               "changes", 400);
  expect_right(
      "SELECT DISTINCT ON (k) k, n, x FROM sliding(numbered, ts, INTERVAL '20 s') WHERE x < 10 ORDER BY k, n "
      "DESC",
      "k int, n bigint, x int", "changes", 400);
  // Nothing is known of rows in another order.
  expect_right("SELECT DISTINCT ON (k) k, n, x FROM recent ORDER BY k, n", "k int, n bigint, x int",
               "changes", 400);
  expect_right("SELECT DISTINCT ON (k) k, n, x FROM recent ORDER BY k, x DESC, n DESC",
               "k int, n bigint, x int", "changes", 400);
}
TEST(KeyedJoin, OfTwoGroupedViews) {
  const std::string views =
      "(SELECT k, sum(x) AS s FROM recent WHERE x > 0 GROUP BY k) a {} JOIN "
      "(SELECT k, count(*) AS n FROM sliding(t, ts, INTERVAL '90 s') WHERE x < 0 GROUP BY k) b USING (k)";
  expect_right("SELECT k, s, n FROM " + fmt::format(fmt::runtime(views), "INNER"),
               "k int, s bigint, n bigint", "changes", 300);
  expect_right("SELECT k, s, n FROM " + fmt::format(fmt::runtime(views), "LEFT"), "k int, s bigint, n bigint",
               "changes", 300);
}
TEST(KeyedJoin, WithACauseThatIsIgnored) {
  expect_right(
      "SELECT at, s FROM (SELECT ts AS at FROM recent WHERE x < 20 ORDER BY n DESC LIMIT 1) c CROSS JOIN "
      "(SELECT max(x) AS s FROM recent WHERE x < 20) m",
      "at timestamp, s int", "on_change");
}

TEST(Over, PeersLeaveWithTheWatermarkWhereNoStepsAreTold) {
  // Most rows that move the watermark are filtered out before the window function.
  expect_right("SELECT k, x, count(*) OVER (ORDER BY ts) AS c FROM numbered WHERE x > 20",
               "k int, x int, c bigint", "changes", 200);
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// DART_SEED draws from another first seed, DART_SEEDS another number of them.
TEST(RandomQuery, EngineAgreesWithNaiveExecutorAfterEveryStep) {
  run_seeds(number_from("DART_SEED", 1), number_from("DART_SEEDS", 100));
}

TEST(RandomQuerySoak, EngineAgreesWithNaiveExecutorAfterEveryStep) {
  const bool long_run = std::getenv("DART_SOAK") != nullptr;
  run_seeds(number_from("DART_SEED", 1'000'000), number_from("DART_SEEDS", long_run ? 20'000 : 40));
}

}  // namespace
}  // namespace dart::support
