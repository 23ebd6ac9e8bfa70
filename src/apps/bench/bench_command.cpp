#include "apps/bench/bench_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <regex>

#include "apps/bench/bench_connectors.hpp"
#include "apps/bench/bench_result.hpp"
#include "apps/bench/workloads.hpp"
#include "apps/run_command.hpp"
#include "apps/run_stats.hpp"
#include "connectors/catalogue.hpp"
#include "runtime/clock.hpp"
#include "sql/compile.hpp"

namespace dart::apps {

namespace {

using bench::BenchConnectors;
using bench::BenchResult;
using bench::HandResult;
using bench::Pace;
using bench::Workload;

constexpr std::size_t kDefaultRows = 20'000'000;
/// A loop below this share of the published figure is no measure for the engine.
constexpr double kLeastHandShare = 0.7;
constexpr double kOneMillion = 1e6;
constexpr std::size_t kOneMillionSeconds = 12;
constexpr double kTolerance = 1e-9;
/// The published values of sums are rounded.
constexpr double kPublishedTolerance = 1e-7;

bool near(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

double seconds_since(std::int64_t begin_ns) {
  return static_cast<double>(runtime::monotonic_ns() - begin_ns) * 1e-9;
}

/// Runs one plan; how long it took and what arrived is in the connectors' totals.
class Runner {
 public:
  Runner(const plan::Plan& plan, BenchConnectors& connectors, const runtime::RunSettings& settings)
      : plan_(plan), connectors_(connectors), settings_(settings) {}

  Result<runtime::RunReport> run(const Pace& pace) {
    connectors_.prepare(pace);
    runtime::StopSignal stop;
    DART_TRY(auto report, runtime::run_plan(plan_, connectors_, settings_, stop));
    if (report.failure) return tl::unexpected(*report.failure);
    return report;
  }

  /// Latencies of `times` paced runs taken together.
  Result<bench::Latency> latency(const Pace& pace, std::size_t times) {
    std::vector<std::int64_t> samples;
    for (std::size_t t = 0; t < times; ++t) {
      DART_TRY([[maybe_unused]] const auto report, run(pace));
      const auto& taken = connectors_.totals().latencies_ns;
      samples.insert(samples.end(), taken.begin(), taken.end());
    }
    return bench::summarise(std::move(samples), pace.rows_per_s);
  }

 private:
  const plan::Plan& plan_;
  BenchConnectors& connectors_;
  runtime::RunSettings settings_;
};

Status check_hand(const Workload& workload, const HandResult& hand, std::size_t rows) {
  if (rows != workload.rows) return {};  // nothing was published about other sizes
  bool right = hand.rows == workload.published_rows;
  for (std::size_t k = 0; k < hand.published.size(); ++k) {
    right = right && near(hand.published[k], workload.published[k], kPublishedTolerance);
  }
  if (right) return {};
  return fail(ErrorCode::Data,
              fmt::format("workload {}: the hand-written loop misses the published values", workload.name));
}

Status check_engine(const Workload& workload, const HandResult& hand, const bench::SinkTotals& totals) {
  if (totals.rows != hand.rows) {
    return fail(ErrorCode::Data,
                fmt::format("workload {}: {} results, {} by hand", workload.name, totals.rows, hand.rows));
  }
  for (std::size_t k = 0; k < workload.checked.size() && totals.rows > 0; ++k) {
    const double sum = totals.sums[workload.checked[k]];
    if (near(sum, hand.sums[k], kTolerance)) continue;
    return fail(ErrorCode::Data, fmt::format("workload {}: column {} sums to {}, {} by hand", workload.name,
                                             workload.checked[k] + 1, sum, hand.sums[k]));
  }
  return {};
}

Status take_latencies(const BenchOptions& options, const Workload& workload, Runner& runner,
                      BenchResult& result) {
  Pace pace;
  pace.window_end = workload.window_end;
  pace.rows = result.rows;
  pace.rows_per_s = bench::median(result.rows_per_s) / 2;
  DART_TRY(result.half_load, runner.latency(pace, options.runs));
  if (!workload.window_end) return {};
  pace.rows_per_s = kOneMillion;
  pace.rows = std::min(pace.rows, kOneMillionSeconds * static_cast<std::size_t>(kOneMillion));
  DART_TRY(result.one_million, runner.latency(pace, 1));
  return {};
}

Result<BenchResult> measure(const Workload& workload, const BenchOptions& options) {
  BenchConnectors connectors(options.rows > 0 ? options.rows : workload.rows);
  const std::string text = std::string(bench::input_tables()) + std::string(workload.sql);
  DART_TRY(const auto script, sql::compile(text, {}, connectors::catalogue()));
  const auto definition = std::find_if(script.plan.tables.begin(), script.plan.tables.end(),
                                       [&](const auto& table) { return table.name == workload.table; });
  DART_TRY(auto table, connectors.table(*definition));
  const bench::HandLoop hand_loop(workload, table);
  Runner runner(script.plan, connectors, options.run);

  BenchResult result;
  result.workload = std::string(1, workload.name);
  result.title = workload.title;
  result.rows = table->rows();
  result.hand_required_per_s = kLeastHandShare * workload.published_hand_rows_per_s;
  const auto rows = static_cast<double>(table->rows());
  // The first round warms caches and is not counted.
  for (std::size_t r = 0; r <= options.runs; ++r) {
    const std::int64_t begin_ns = runtime::monotonic_ns();
    const HandResult hand = hand_loop.run();
    const double hand_s = seconds_since(begin_ns);
    DART_TRY(const auto report, runner.run({}));
    DART_TRY_STATUS(check_hand(workload, hand, table->rows()));
    DART_TRY_STATUS(check_engine(workload, hand, connectors.totals()));
    if (r == 0) continue;
    result.hand_rows_per_s.push_back(rows / hand_s);
    result.rows_per_s.push_back(rows / (static_cast<double>(report.wall_ns) * 1e-9));
  }
  result.results = connectors.totals().rows;
  if (options.latency) DART_TRY_STATUS(take_latencies(options, workload, runner, result));
  return result;
}

/// The statements for the input tables that `text` does not declare itself.
std::string missing_tables(const std::string& text) {
  std::string declared;
  const std::string all(bench::input_tables());
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = all.find('\n', begin) + 1;
    const std::string statement = all.substr(begin, end - begin);
    const std::string name = statement.find(" events ") != std::string::npos ? "events" : "words";
    const std::regex create("create\\s+table\\s+\"?" + name + "\"?\\s*\\(", std::regex::icase);
    if (!std::regex_search(text, create)) declared += statement;
    begin = end;
  }
  return declared;
}

/// Any SQL over the same input. The message of an error in the file names its place there.
Result<BenchResult> measure_file(const BenchOptions& options) {
  DART_TRY(const std::string text, read_script(options.sql_file));
  const std::string tables = missing_tables(text);
  auto script = sql::compile(tables + text, options.variables, connectors::catalogue());
  if (!script) {
    Error error = script.error();
    if (error.offset) {
      const auto offset =
          *error.offset - std::min<std::uint32_t>(*error.offset, static_cast<std::uint32_t>(tables.size()));
      error = {error.code,
               sql::format_error(text, options.sql_file, {error.code, error.message, offset, error.hint}),
               offset,
               {}};
    }
    return tl::unexpected(std::move(error));
  }
  if (script->plan.sinks().empty()) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("'{}' has no SELECT or INSERT to measure", options.sql_file));
  }
  BenchConnectors connectors(options.rows > 0 ? options.rows : kDefaultRows);
  Runner runner(script->plan, connectors, options.run);
  BenchResult result;
  result.workload = options.sql_file;
  for (std::size_t r = 0; r <= options.runs; ++r) {
    DART_TRY(const auto report, runner.run({}));
    result.rows = rows_read(report);
    if (r == 0) continue;
    result.rows_per_s.push_back(static_cast<double>(result.rows) /
                                (static_cast<double>(report.wall_ns) * 1e-9));
  }
  result.results = connectors.totals().rows;
  if (options.latency && result.rows > 0) {
    Pace pace;
    pace.rows_per_s = bench::median(result.rows_per_s) / 2;
    DART_TRY(result.half_load, runner.latency(pace, 1));
  }
  return result;
}

Result<std::vector<BenchResult>> measure_all(const BenchOptions& options) {
  std::vector<BenchResult> results;
  if (!options.sql_file.empty()) {
    DART_TRY(auto result, measure_file(options));
    results.push_back(std::move(result));
    return results;
  }
  for (const Workload& workload : bench::workloads()) {
    const std::string name(1, workload.name);
    const auto& asked = options.workloads;
    if (!asked.empty() && std::find(asked.begin(), asked.end(), name) == asked.end()) continue;
    DART_TRY(auto result, measure(workload, options));
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace

int bench_command(const BenchOptions& options) {
  runtime::ignore_broken_pipes();
  const auto results = measure_all(options);
  if (!results) {
    // An error with a place was already laid out with its line and caret.
    std::cerr << (results.error().offset ? results.error().message : error_line(results.error())) << '\n';
    return 1;
  }
  const bench::BenchSetting setting{options.runs, options.run.workers, options.run.chunk_rows};
  std::cout << (options.json ? bench::results_json(*results, setting)
                             : bench::results_text(*results, setting));
  if (!std::cout.flush()) {
    std::cerr << "error: cannot write to standard output\n";
    return 1;
  }
  return 0;
}

}  // namespace dart::apps
