#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bench/bench_command.hpp"
#include "apps/bench/control_bench.hpp"
#include "apps/query_flags.hpp"
#include "apps/ring_flags.hpp"
#include "apps/run_command.hpp"
#include "apps/shared_flags.hpp"
#include "apps/sim/sim_command.hpp"
#include "apps/version.hpp"
#include "base/limits.hpp"

namespace {

using dart::apps::BenchOptions;
using dart::apps::OutputFormat;
using dart::apps::ScriptOptions;
using dart::runtime::Scheduler;

constexpr int kUsageExit = 2;

const std::map<std::string, Scheduler> kSchedulers = {{"pool", Scheduler::Pool},
                                                      {"thread-per-operator", Scheduler::ThreadPerOperator}};

struct RunFlags {
  std::string file;
  std::vector<std::string> variables;
  std::string output = "table";
  ScriptOptions script;
};

/// Reading and parsing on one processor, the query on another; results are the same for any number.
std::size_t default_workers() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 2); }

CLI::App* add_run(CLI::App& app, RunFlags& flags) {
  flags.script.run.workers = default_workers();
  auto* run =
      app.add_subcommand("run", "Run a SQL file in this process until its bounded sources end, or Ctrl-C");
  auto* file = run->add_option("FILE,-f,--file", flags.file, "SQL file; - reads standard input");
  file->required()->type_name("FILE.sql");
  dart::apps::add_variables(*run, flags.variables);
  run->add_option("--workers", flags.script.run.workers, "worker threads")
      ->check(CLI::Range(std::size_t{1}, dart::limits::kWorkers))
      ->capture_default_str();
  run->add_option("--chunk-rows", flags.script.run.chunk_rows,
                  "rows per chunk at most; results do not depend on it")
      ->check(CLI::Range(std::size_t{1}, dart::limits::kChunkRows))
      ->capture_default_str();
  run->add_option(
         "--scheduler", flags.script.run.scheduler,
         "pool: free workers take the operators with the most pending rows; thread-per-operator: the Storm "
         "model, for comparison")
      ->transform(CLI::CheckedTransformer(kSchedulers).description("pool|thread-per-operator"))
      ->default_str("pool");
  run->add_flag("--stats", flags.script.stats,
                "print counters per operator, delays, time and memory at the end");
  run->add_option("-o,--output", flags.output, "format of plain SELECTs and of --stats")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
  return run;
}

int run(RunFlags& flags) {
  flags.script.variables = dart::apps::parse_variables(flags.variables);
  flags.script.run.measure_busy = flags.script.stats;
  flags.script.output = flags.output == "json"  ? OutputFormat::Json
                        : flags.output == "csv" ? OutputFormat::Csv
                                                : OutputFormat::Table;
  return dart::apps::run_command(flags.file, std::move(flags.script));
}

struct BenchFlags {
  std::vector<std::string> variables;
  std::string output = "table";
  BenchOptions bench;
  dart::apps::ControlBenchOptions control;
};

CLI::App* add_bench(CLI::App& app, BenchFlags& flags) {
  auto* bench = app.add_subcommand(
      "bench",
      "Measure the engine beside hand-written loops over the same input in memory, or what control costs");
  bench->add_option("WHAT", flags.bench.what, "what to measure")
      ->check(CLI::IsMember({"engine", "control"}))
      ->capture_default_str();
  bench->add_option("--workload", flags.bench.workloads, "only these of a, b, c, d")
      ->check(CLI::IsMember({"a", "b", "c", "d"}))
      ->allow_extra_args(false);
  bench
      ->add_option("--sql", flags.bench.sql_file,
                   "run this file over events(ts, key, value, id) and words(ts, word)")
      ->type_name("FILE.sql");
  bench->add_option("-v,--variable", flags.variables, "psql variable for --sql")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  bench->add_option("--rows", flags.bench.rows, "rows of input (0: 20 million events, 10 million words)")
      ->capture_default_str();
  bench->add_option("--runs", flags.bench.runs, "runs of each; medians are shown")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}))
      ->capture_default_str();
  bench->add_option("--workers", flags.bench.run.workers, "worker threads")
      ->check(CLI::Range(std::size_t{1}, dart::limits::kWorkers))
      ->capture_default_str();
  bench->add_option("--chunk-rows", flags.bench.run.chunk_rows, "rows per chunk at most")
      ->check(CLI::Range(std::size_t{1}, dart::limits::kChunkRows))
      ->capture_default_str();
  bench->add_flag("!--no-latency", flags.bench.latency, "leave out the paced runs of workload b");
  bench->add_option("--nodes", flags.control.nodes, "control: nodes of each ring")
      ->check(CLI::Range(8U, 10'000U))
      ->capture_default_str();
  bench->add_option("--apps", flags.control.apps, "control: queries deployed in each")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
  bench->add_option("--write", flags.control.file, "control: write the costs, for dart sim deploy --costs")
      ->type_name("FILE");
  dart::apps::add_output(*bench, flags.output);
  return bench;
}

int bench(BenchFlags& flags) {
  flags.bench.variables = dart::apps::parse_variables(flags.variables);
  flags.bench.json = flags.output == "json";
  if (flags.bench.what == "control") {
    flags.control.runs = flags.bench.runs;
    flags.control.json = flags.bench.json;
    return dart::apps::control_bench_command(flags.control);
  }
  return dart::apps::bench_command(flags.bench);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"DART: streaming SQL on one machine", "dart"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(dart::apps::version_line()));
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return std::string("error: ") + error.what() + "; try dart --help\n";
  });
  RunFlags run_flags;
  BenchFlags bench_flags;
  auto* run_app = add_run(app, run_flags);
  auto* bench_app = add_bench(app, bench_flags);
  dart::apps::SimCommand sim(app);
  dart::apps::RingFlags ring_flags(app);
  dart::apps::QueryFlags query_flags(app);
  auto* version_app = app.add_subcommand("version", "Print the version");
  try {
    app.parse(argc, argv);
    if (*run_app) return run(run_flags);
    if (*bench_app) return bench(bench_flags);
    if (sim.chosen()) return sim.run();
    if (ring_flags.chosen()) return ring_flags.run();
    if (query_flags.chosen()) return query_flags.run();
    if (*version_app) std::cout << dart::apps::version_line() << '\n';
    return std::cout.flush() ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageExit;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
