#include "apps/bench/control_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/bench/bench_result.hpp"
#include "apps/bench/step_clock.hpp"
#include "apps/run_script.hpp"
#include "apps/sim/deploy_app.hpp"
#include "apps/text_table.hpp"
#include "connectors/catalogue.hpp"
#include "placement/policy.hpp"
#include "sim/deploy_experiment.hpp"
#include "sim/query_twin.hpp"

namespace dart::apps {

namespace {

using bench::StepClock;
using bench::thread_cpu_ns;

constexpr std::size_t kPlans = 101;
/// A kind of step with fewer samples says nothing about its median.
constexpr std::uint64_t kFewestSamples = 5;
/// So long is between two queries that are handed in.
constexpr std::int64_t kApartUs = 50'000;
constexpr Duration kWindow{25'000'000};

Result<sim::MeasuredCost> measure_plan() {
  const std::int64_t overhead_ns = bench::clock_overhead_ns();
  std::vector<std::int64_t> samples;
  for (std::size_t i = 0; i < kPlans; ++i) {
    const std::int64_t begin_ns = thread_cpu_ns();
    DART_TRY([[maybe_unused]] const auto spec, plan_deploy_app({}));
    samples.push_back(thread_cpu_ns() - begin_ns - overhead_ns);
  }
  return bench::median_cost(std::move(samples));
}

/// What a host is told to open when the query runs on one node as a whole: its reader and the rest.
std::vector<placement::OpenInstance> instances_of(const placement::QuerySpec& spec,
                                                  const overlay::NodeHandle& host) {
  std::vector<placement::Placed> placed;
  for (std::uint32_t s = 0; s < spec.stages.size(); ++s) {
    placement::Placed& one = placed.emplace_back();
    one.id = {s, 0};
    one.host = host;
    for (const placement::EdgeShape& edge : spec.edges) {
      if (edge.from == s) one.to.push_back({edge.to, 0});
    }
  }
  std::vector<placement::OpenInstance> instances;
  for (const placement::Placed& one : placed) {
    placement::OpenInstance open;
    open.query = NodeId::from_number(1);
    open.name = "app";
    open.epoch = open.run = 1;
    open.instance = one.id;
    open.program = spec.program;
    open.stages = spec.stages;
    open.edges = spec.edges;
    open.placed = placed;
    instances.push_back(std::move(open));
  }
  return instances;
}

Result<sim::MeasuredCost> measure_open() {
  overlay::NodeHandle host;
  host.id = NodeId::from_number(1);
  DART_TRY(const auto spec, plan_deploy_app(host));
  const auto connectors = [](const placement::OpenInstance&) {
    return std::make_unique<connectors::Factory>();
  };
  const std::int64_t overhead_ns = bench::clock_overhead_ns();
  std::vector<std::int64_t> samples;
  for (std::size_t i = 0; i < kPlans; ++i) {
    for (const placement::OpenInstance& open : instances_of(spec, host)) {
      // Each host decodes for itself, so nothing may be known from the one before.
      sim::Programs programs;
      sim::QueryTwin twin(host, programs, connectors);
      const node::Action action = open;
      const std::int64_t begin_ns = thread_cpu_ns();
      (void)twin.perform(TimePoint{1}, action);
      samples.push_back(thread_cpu_ns() - begin_ns - overhead_ns);
      for (const node::Input& input : twin.inputs()) {
        const auto* opened = std::get_if<placement::Opened>(&input);
        if (opened != nullptr && opened->error) return fail(ErrorCode::Data, *opened->error);
      }
    }
  }
  return bench::median_cost(std::move(samples));
}

Status measure_steps(const ControlBenchOptions& options, const std::string& policy,
                     sim::ControlCosts& costs) {
  sim::DeployOptions deploying;
  DART_TRY(deploying.app, deploy_app());
  deploying.policy = policy;
  deploying.nodes = options.nodes;
  deploying.apps = options.apps;
  deploying.sources = options.sources;
  deploying.within = {kApartUs * options.apps};
  deploying.window = {deploying.within.us + kWindow.us};
  StepClock clock;
  for (std::size_t run = 1; run <= options.runs; ++run) {
    deploying.seed = run;
    DART_TRY(auto delays, sim::make_delay_model("transit-stub", Random(run), {}));
    const sim::DeployReport report = sim::run_deploy_on(deploying, clock, std::move(delays));
    if (report.running != report.apps) {
      return fail(ErrorCode::Data, fmt::format("{} of {} queries were not deployed: {}",
                                               report.apps - report.running, report.apps, report.refusal));
    }
  }
  auto& steps = costs.steps[policy];
  for (const auto& [kind, samples] : clock.samples()) {
    if (samples.size() >= kFewestSamples) steps[kind] = bench::median_cost(samples);
  }
  return {};
}

Result<sim::ControlCosts> measure(const ControlBenchOptions& options) {
  sim::ControlCosts costs;
  DART_TRY(costs.plan, measure_plan());
  DART_TRY(costs.open, measure_open());
  for (const placement::Policy* policy : placement::policies()) {
    DART_TRY_STATUS(measure_steps(options, std::string(policy->name()), costs));
  }
  return costs;
}

std::string header(const ControlBenchOptions& options) {
  return fmt::format(
      "# Processor time of the control plane in microseconds, medians; `dart bench control --runs {}`: rings "
      "of {}\n"
      "# nodes, {} queries with {} readers each. {}\n# {}\n",
      options.runs, options.nodes, options.apps, options.sources, bench::machine(), bench::build());
}

struct Row {
  std::string policy;
  std::string kind;
  sim::MeasuredCost cost;
};

/// The kinds of step of a policy that took most time together, first.
std::vector<Row> rows_of(const std::string& policy, const sim::ControlCosts& costs) {
  std::vector<Row> rows;
  for (const auto& [kind, cost] : costs.steps.at(policy)) rows.push_back({policy, sim::text_of(kind), cost});
  const auto total = [](const Row& row) { return row.cost.us * static_cast<double>(row.cost.samples); };
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    return std::pair(total(b), a.kind) < std::pair(total(a), b.kind);
  });
  return rows;
}

std::string text_of(const ControlBenchOptions& options, const sim::ControlCosts& costs) {
  constexpr std::size_t kShown = 20;
  std::string out = header(options);
  for (const auto& [policy, steps] : costs.steps) {
    TextTable table({policy + ": handled > sent", "us", "samples"});
    const std::vector<Row> rows = rows_of(policy, costs);
    for (std::size_t i = 0; i < std::min(kShown, rows.size()); ++i) {
      table.add_row({rows[i].kind, fmt::format("{:.2f}", rows[i].cost.us), grouped(rows[i].cost.samples)});
    }
    out += table.text() + fmt::format("{} kinds of step, those that took most together first\n", rows.size());
  }
  return out + fmt::format("a plan {:.1f} us, opening an instance {:.1f} us\n", costs.plan.us, costs.open.us);
}

std::string json_of(const ControlBenchOptions& options, const sim::ControlCosts& costs) {
  nlohmann::ordered_json json;
  json["runs"] = options.runs;
  json["nodes"] = options.nodes;
  json["apps"] = options.apps;
  json["sources"] = options.sources;
  json["machine"] = bench::machine();
  json["build"] = bench::build();
  json["plan_us"] = costs.plan.us;
  json["open_us"] = costs.open.us;
  auto& all = json["steps"] = nlohmann::ordered_json::array();
  for (const auto& [policy, steps] : costs.steps) {
    for (const Row& row : rows_of(policy, costs)) {
      all.push_back(
          {{"policy", row.policy}, {"step", row.kind}, {"us", row.cost.us}, {"samples", row.cost.samples}});
    }
  }
  return json.dump() + '\n';
}

}  // namespace

int control_bench_command(const ControlBenchOptions& options) {
  const auto costs = measure(options);
  if (!costs) {
    std::cerr << error_line(costs.error()) << '\n';
    return 1;
  }
  if (!options.file.empty()) {
    std::ofstream file(options.file, std::ios::trunc);
    file << header(options) << costs->text();
    if (!file.flush()) {
      std::cerr << fmt::format("error: cannot write '{}'\n", options.file);
      return 1;
    }
  }
  std::cout << (options.json ? json_of(options, *costs) : text_of(options, *costs)) << std::flush;
  return 0;
}

}  // namespace dart::apps
