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

plan::Catalogue memory_catalogue() {
  plan::ConnectorSpec memory;
  memory.name = "memory";
  memory.is_source = memory.is_sink = true;
  memory.takes_format = false;
  memory.bounded = [](const plan::Options&) { return true; };
  return {{memory}, {}};
}

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

Outcome run_seed(std::uint64_t seed) {
  Outcome outcome;
  const RandomQuery query = random_query(seed);
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
    for (const std::size_t chunk_rows : {1, 3, 2048}) {
      MemoryConnectors connectors;
      connectors.inputs["t"] = query.rows;
      const auto report = run_engine(plan, chunk_rows, workers, connectors);
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
        outcome.wrong = fmt::format("seed {}, chunk rows {}, workers {}: {}\n{}\n{}", seed, chunk_rows,
                                    workers, outcome.wrong, query.sql, plan::explain(plan));
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
    const Outcome outcome = run_seed(seed);
    compiled += outcome.compiled ? 1 : 0;
    if (!outcome.compiled) ++refusals[outcome.refusal];
    ASSERT_TRUE(outcome.wrong.empty()) << outcome.wrong;
  }
  for (const auto& [reason, times] : refusals)
    std::cout << "refused " << times << " times: " << reason << "\n";
  EXPECT_GE(compiled * 10, count * 6) << "too many queries are refused to mean much";
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
