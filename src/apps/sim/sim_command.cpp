#include "apps/sim/sim_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include <CLI/CLI.hpp>

#include "apps/process_memory.hpp"
#include "apps/run_script.hpp"
#include "apps/shared_flags.hpp"
#include "apps/sim/chaos_report.hpp"
#include "apps/sim/churn_report.hpp"
#include "apps/sim/deploy_app.hpp"
#include "apps/sim/deploy_report.hpp"
#include "apps/sim/directory_report.hpp"
#include "apps/sim/huge_pages.hpp"
#include "apps/sim/measured_costs.hpp"
#include "apps/sim/place_report.hpp"
#include "apps/sim/query_report.hpp"
#include "apps/sim/route_report.hpp"
#include "apps/sim/tree_report.hpp"
#include "sim/deploy_experiment.hpp"
#include "sim/place_experiment.hpp"
#include "sim/route_experiment.hpp"
#include "sim/tree_experiment.hpp"

namespace dart::apps {

namespace {

/// Wall time since it was made, and the most memory that this process ever held.
class Meter {
 public:
  [[nodiscard]] Cost cost() const {
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start_;
    return {wall.count(), peak_rss_mb()};
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Result<std::string> text_of(const std::string& file, std::string_view what, std::string_view flag) {
  std::ifstream in(file);
  std::stringstream text;
  if (in) text << in.rdbuf();
  if (!in)
    return fail(ErrorCode::Io, fmt::format("cannot open the {} '{}'", what, file), std::nullopt,
                fmt::format("give {} FILE", flag));
  return text.str();
}

Result<std::unique_ptr<sim::DelayModel>> delays_of(const std::string& name, const std::string& file,
                                                   std::uint64_t seed) {
  std::string matrix;
  if (name == "matrix") {
    DART_TRY(matrix, text_of(file, "matrix", "--matrix"));
  }
  return sim::make_delay_model(name, Random(seed).split(0xDE1A), matrix);
}

/// A run that follows a trace goes on so long after its last line.
constexpr Duration kAfterTrace{60'000'000};

int complain(const Error& error) {
  std::cerr << error_line(error) << '\n';
  return 1;
}

}  // namespace

struct SimCommand::Flags {
  CLI::App* sim = nullptr;
  CLI::App* route = nullptr;
  CLI::App* chaos = nullptr;
  CLI::App* churn = nullptr;
  CLI::App* tree = nullptr;
  CLI::App* place = nullptr;
  CLI::App* deploy = nullptr;
  std::string output = "table";
  std::string delay_model = "plane";
  std::string matrix;
  std::string profile = "lan";
  std::string out_file;
  std::string trace;
  CLI::Option* length = nullptr;
  double settle_s = 0;
  sim::RouteOptions routing;
  std::string seeds = "1..200";
  sim::ChaosOptions hurting;
  bool records = false;
  bool queries = false;
  sim::ChurnOptions churning;
  sim::TreeOptions growing;
  sim::PlaceOptions placing;
  std::uint32_t several = 1;
  sim::DeployOptions deploying;
  std::vector<std::string> deploy_policies{"cost"};
  std::string costs_file;
  double within_s = 0;
  double window_s = 60;
  std::string sink = "root";
  double session_s = 1800;
  double length_s = 7200;
  double partition_s = 0;
  double loss_percent = 1;

  int run_route();
  int run_seeds();
  template <class Summary, class Run, class Complain>
  int run_each_seed(const Run& run, const Complain& complaints);
  int run_churn();
  int run_tree();
  int run_place();
  int run_deploy();
};

namespace {

void add_common(CLI::App& app, std::string& delay_model, std::string& matrix, std::string& output) {
  app.add_option("--delays", delay_model, "how far machines are apart")
      ->check(CLI::IsMember({"plane", "sphere", "transit-stub", "matrix"}))
      ->capture_default_str();
  app.add_option("--matrix", matrix, "round trips in milliseconds, for --delays matrix")->type_name("FILE");
  add_output(app, output);
}

}  // namespace

SimCommand::SimCommand(CLI::App& app) : flags_(std::make_unique<Flags>()) {
  Flags& it = *flags_;
  it.sim =
      app.add_subcommand("sim", "Rings in virtual time: experiments and random runs that a seed repeats");
  it.sim->require_subcommand(1);
  it.route = it.sim->add_subcommand("route", "Join nodes, route requests, count hops, delay and load");
  it.route->add_option("--nodes", it.routing.nodes, "nodes of the ring")
      ->check(CLI::Range(1U, 1'000'000U))
      ->capture_default_str();
  it.route->add_option("--requests", it.routing.requests, "requests; 0: one for each node")
      ->capture_default_str();
  it.route->add_option("--sinks", it.routing.sinks, "random keys that requests go to; 0: each its own")
      ->capture_default_str();
  it.route->add_option("--seed", it.routing.seed, "repeats a run")->capture_default_str();
  it.route->add_option("--settle", it.settle_s, "seconds of virtual time between joining and routing")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  add_profile(*it.route, it.profile);
  it.route->add_option("--out", it.out_file, "write each path, one line a request")->type_name("FILE");
  add_common(*it.route, it.delay_model, it.matrix, it.output);
  it.chaos = it.sim->add_subcommand(
      "chaos", "Hurt rings at random, let them heal, check every property; each seed twice");
  it.chaos->add_option("--seeds", it.seeds, "first..last, or one")->capture_default_str();
  it.chaos->add_option("--nodes", it.hurting.nodes, "nodes of each ring")
      ->check(CLI::Range(8U, 4096U))
      ->capture_default_str();
  it.chaos->add_option("--profile", it.profile, "timing of the ring")
      ->check(CLI::IsMember({"lan", "quiet"}))
      ->capture_default_str();
  it.chaos->add_flag("--directory", it.records,
                     "hurt firm records: each must behave like one register, whatever happens to disks");
  it.chaos
      ->add_flag("--queries", it.queries,
                 "hurt queries while they run: in the end their rows are those of one process")
      ->excludes("--directory");
  add_output(*it.chaos, it.output);
  add_churn(it);
  add_tree(it);
  add_place(it);
  add_deploy(it);
}

void SimCommand::add_churn(Flags& it) {
  it.churn =
      it.sim->add_subcommand("churn", "Nodes come and go under lookups; many die at once; the network parts");
  auto* nodes = it.churn->add_option("--nodes", it.churning.nodes, "nodes of the ring")
                    ->check(CLI::Range(8U, 100'000U))
                    ->capture_default_str();
  it.churn->add_option("--seed", it.churning.seed, "repeats a run")->capture_default_str();
  auto* session =
      it.churn->add_option("--session", it.session_s, "mean life of a node in seconds; 0: nobody dies")
          ->capture_default_str();
  it.churn
      ->add_option("--trace", it.trace,
                   "who comes and goes when: lines of seconds,node,up or seconds,node,down")
      ->type_name("FILE")
      ->excludes(nodes)
      ->excludes(session);
  it.length = it.churn->add_option("--length", it.length_s, "seconds of virtual time under churn")
                  ->capture_default_str();
  it.churn->add_option("--lookups", it.churning.lookups_per_s, "lookups a second, from live nodes")
      ->capture_default_str();
  it.churn->add_option("--loss", it.loss_percent, "percent of messages lost under churn")
      ->check(CLI::Range(0.0, 50.0))
      ->capture_default_str();
  it.churn->add_option("--kill", it.churning.kill_percent, "then kill this percentage of the nodes at once")
      ->check(CLI::Range(0U, 50U))
      ->capture_default_str();
  it.churn->add_option("--partition", it.partition_s, "then cut the network in two for so many seconds")
      ->capture_default_str();
  add_profile(*it.churn, it.profile);
  add_common(*it.churn, it.delay_model, it.matrix, it.output);
}

void SimCommand::add_tree(Flags& it) {
  it.tree = it.sim->add_subcommand("tree", "One group in a ring: multicasts, then many nodes die at once");
  it.tree->add_option("--nodes", it.growing.nodes, "nodes of the ring")
      ->check(CLI::Range(2U, 100'000U))
      ->capture_default_str();
  it.tree->add_option("--members", it.growing.members, "of these enter the group")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str();
  it.tree->add_option("--seed", it.growing.seed, "repeats a run")->capture_default_str();
  it.tree->add_option("--kill", it.growing.kill_percent, "percentage of the nodes that die, the root first")
      ->check(CLI::Range(0U, 50U))
      ->capture_default_str();
  add_profile(*it.tree, it.profile);
  add_common(*it.tree, it.delay_model, it.matrix, it.output);
}

void SimCommand::add_place(Flags& it) {
  it.place = it.sim->add_subcommand("place", "Let each placement policy put the same apps on one ring");
  it.place->add_option("--nodes", it.placing.nodes, "nodes of the ring")
      ->check(CLI::Range(2U, 100'000U))
      ->capture_default_str();
  it.place->add_option("--apps", it.placing.apps, "queries that are placed")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str();
  it.place->add_option("--sources", it.placing.sources, "readers of each")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  it.place->add_option("--policy", it.placing.policies, "only these; all without it")
      ->check(CLI::IsMember({"route", "cost", "random", "central"}));
  it.place->add_option("--sink", it.sink, "where the last operator of an app runs")
      ->check(CLI::IsMember({"root", "free"}))
      ->capture_default_str();
  it.place->add_flag("--hash-alone", it.placing.hash_alone, "no node refuses an operator");
  it.place->add_option("--seed", it.placing.seed, "repeats a run")->capture_default_str();
  it.place->add_option("--seeds", it.several, "so many runs, seeds from --seed on; means as well")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  it.place->add_option("--settle", it.settle_s, "seconds of virtual time between joining and placing (30)")
      ->check(CLI::Range(0.0, 1e6));
  add_profile(*it.place, it.profile);
  add_common(*it.place, it.delay_model, it.matrix, it.output);
}

void SimCommand::add_deploy(Flags& it) {
  it.deploy = it.sim->add_subcommand("deploy", "Hand many queries to a ring at once; control costs time");
  it.deploy->add_option("--nodes", it.deploying.nodes, "nodes of the ring")
      ->check(CLI::Range(8U, 100'000U))
      ->capture_default_str();
  it.deploy->add_option("--apps", it.deploying.apps, "queries that are handed in")
      ->check(CLI::Range(1U, 16'000U))
      ->capture_default_str();
  it.deploy->add_option("--sources", it.deploying.sources, "readers of each")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  it.deploy->add_option("--policy", it.deploy_policies, "one or more, each in a ring of its own")
      ->check(CLI::IsMember({"route", "cost", "random", "central"}))
      ->capture_default_str();
  it.deploy->add_option("--sink", it.sink, "where the last operator of an app runs")
      ->check(CLI::IsMember({"root", "free"}))
      ->capture_default_str();
  it.deploy->add_option("--seed", it.deploying.seed, "repeats a run")->capture_default_str();
  it.deploy->add_option("--seeds", it.several, "so many runs, seeds from --seed on; means as well")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  it.deploy->add_option("--within", it.within_s, "seconds over which they are handed in; 0: one instant")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  it.deploy->add_option("--window", it.window_s, "seconds in which all traffic is counted")
      ->check(CLI::Range(1.0, 3600.0))
      ->capture_default_str();
  it.deploy->add_option("--costs", it.costs_file, "what control costs, by `dart bench control --write`")
      ->type_name("FILE");
  it.deploy->add_option("--settle", it.settle_s, "seconds of virtual time between joining and deploying (30)")
      ->check(CLI::Range(0.0, 1e6));
  add_profile(*it.deploy, it.profile);
  add_common(*it.deploy, it.delay_model, it.matrix, it.output);
}

SimCommand::~SimCommand() = default;

bool SimCommand::chosen() const { return flags_->sim->parsed(); }

int SimCommand::run() {
  use_huge_pages();
  if (*flags_->chaos) return flags_->run_seeds();
  if (*flags_->tree) return flags_->run_tree();
  if (*flags_->place) return flags_->run_place();
  if (*flags_->deploy) return flags_->run_deploy();
  return *flags_->churn ? flags_->run_churn() : flags_->run_route();
}

int SimCommand::Flags::run_churn() {
  const Meter meter;
  auto delays = delays_of(delay_model, matrix, churning.seed);
  if (!delays) return complain(delays.error());
  const auto us = [](double seconds) { return Duration{static_cast<std::int64_t>(seconds * 1e6)}; };
  churning.config = profile_of(profile);
  churning.session = us(session_s);
  churning.length = us(length_s);
  churning.partition = us(partition_s);
  if (!trace.empty()) {
    const auto text = text_of(trace, "trace", "--trace");
    if (!text) return complain(text.error());
    auto read = sim::read_churn_trace(*text);
    if (!read) return complain(read.error());
    churning.trace = std::move(*read);
    if (length->count() == 0 && !churning.trace.events.empty()) {
      churning.length = {churning.trace.events.back().at_us + kAfterTrace.us};
    }
  }
  churning.loss_permille = static_cast<std::uint32_t>(loss_percent * 10);
  std::cerr << "seed " << churning.seed << ", profile " << profile << '\n';
  const bool people = isatty(STDERR_FILENO) != 0;
  if (people) {
    churning.progress = [](double share) {
      std::cerr << fmt::format("\r{:.1f} % ", 100 * share) << std::flush;
    };
  }
  const sim::ChurnReport report = sim::run_churn(churning, std::move(*delays));
  if (people) std::cerr << '\n';
  std::cout << (output == "json" ? churn_json(report, meter.cost()) : churn_text(report, meter.cost()))
            << std::flush;
  const bool whole = report.double_roots == 0 && report.doubles_after == 0 && report.kill_undelivered == 0;
  if (!whole) std::cerr << "error: a key had two roots in one connected part, or a lookup got lost\n";
  return whole ? 0 : 1;
}

int SimCommand::Flags::run_tree() {
  const Meter meter;
  auto delays = delays_of(delay_model, matrix, growing.seed);
  if (!delays) return complain(delays.error());
  growing.config = profile_of(profile);
  std::cerr << "seed " << growing.seed << ", profile " << profile << '\n';
  const bool people = isatty(STDERR_FILENO) != 0;
  if (people) {
    growing.progress = [this](std::uint32_t joined) {
      std::cerr << fmt::format("\r{} of {} joined ", joined, growing.nodes) << std::flush;
    };
  }
  const sim::TreeReport report = sim::run_tree(growing, std::move(*delays));
  if (people) std::cerr << '\n';
  std::cout << (output == "json" ? tree_json(report, meter.cost()) : tree_text(report, meter.cost()))
            << std::flush;
  if (!report.right()) {
    std::cerr << "error: not every node joined, or members were missed, told twice, reached too late or "
                 "counted wrongly\n";
  }
  return report.right() ? 0 : 1;
}

int SimCommand::Flags::run_place() {
  const Meter meter;
  // A matrix that is given is meant.
  if (!matrix.empty()) delay_model = "matrix";
  placing.config = profile_of(profile);
  placing.free_sink = sink == "free";
  if (settle_s > 0) placing.settle = {static_cast<std::int64_t>(settle_s * 1e6)};
  std::cerr << "seed " << placing.seed << ", delays " << delay_model << '\n';
  const bool people = isatty(STDERR_FILENO) != 0;
  if (people) {
    placing.progress = [this](std::uint32_t joined) {
      std::cerr << fmt::format("\r{} of {} joined ", joined, placing.nodes) << std::flush;
    };
  }
  std::vector<sim::PlaceReport> reports;
  bool whole = true;
  const std::uint64_t first = placing.seed;
  for (; placing.seed < first + several; ++placing.seed) {
    auto delays = delays_of(delay_model, matrix, placing.seed);
    if (!delays) return complain(delays.error());
    reports.push_back(sim::run_place(placing, std::move(*delays)));
    whole = whole && reports.back().joined == reports.back().nodes;
  }
  if (people) std::cerr << '\n';
  const bool json = output == "json";
  const Cost cost = meter.cost();
  if (several == 1) {
    std::cout << (json ? place_json(reports.front(), cost) : place_text(reports.front(), cost)) << std::flush;
  } else {
    std::cout << (json ? places_json(reports, cost) : places_text(reports, cost)) << std::flush;
  }
  if (!whole) std::cerr << "error: not every node joined\n";
  return whole ? 0 : 1;
}

int SimCommand::Flags::run_deploy() {
  const Meter meter;
  if (!matrix.empty()) delay_model = "matrix";
  std::string costs_text(measured_costs_text());
  if (!costs_file.empty()) {
    auto text = text_of(costs_file, "costs", "--costs");
    if (!text) return complain(text.error());
    costs_text = *std::move(text);
  }
  const auto costs = sim::ControlCosts::parse(costs_text);
  if (!costs) return complain(costs.error());
  auto app = deploy_app();
  if (!app) return complain(app.error());
  deploying.app = *std::move(app);
  deploying.config = profile_of(profile);
  deploying.free_sink = sink == "free";
  deploying.within = {static_cast<std::int64_t>(within_s * 1e6)};
  deploying.window = {static_cast<std::int64_t>((within_s + window_s) * 1e6)};
  if (settle_s > 0) deploying.settle = {static_cast<std::int64_t>(settle_s * 1e6)};
  std::cerr << "seed " << deploying.seed << ", delays " << delay_model << '\n';
  const bool people = isatty(STDERR_FILENO) != 0;
  if (people) {
    deploying.progress = [this](std::uint32_t joined, std::uint32_t running) {
      std::cerr << fmt::format("\r{} of {} joined, {} apps run ", joined, deploying.nodes, running)
                << std::flush;
    };
  }
  DeployReports reports;
  bool whole = true;
  const std::uint64_t first = deploying.seed;
  for (; deploying.seed < first + several; ++deploying.seed) {
    for (const std::string& policy : deploy_policies) {
      auto delays = delays_of(delay_model, matrix, deploying.seed);
      if (!delays) return complain(delays.error());
      deploying.policy = policy;
      reports.push_back(sim::run_deploy(deploying, *costs, std::move(*delays)));
      const sim::DeployReport& report = reports.back();
      whole = whole && report.joined == report.nodes && report.refused == 0;
      if (report.refused == 0) continue;
      std::cerr << fmt::format("seed {}, {}: {} apps were not deployed: {}\n", report.seed, policy,
                               report.refused, report.refusal.empty() ? "no answer" : report.refusal);
    }
  }
  if (people) std::cerr << '\n';
  std::cout << (output == "json" ? deploy_json(reports, meter.cost()) : deploy_text(reports, meter.cost()))
            << std::flush;
  if (!whole) std::cerr << "error: not every node joined, or not every app was deployed\n";
  return whole ? 0 : 1;
}

int SimCommand::Flags::run_seeds() {
  hurting.config = profile_of(profile);
  if (records) {
    sim::DirectoryChaosOptions options;
    options.nodes = hurting.nodes;
    options.config = hurting.config;
    return run_each_seed<DirectorySummary>(
        [&](std::uint64_t seed) {
          options.seed = seed;
          return sim::run_directory_chaos(options);
        },
        [&](const auto& report, std::uint64_t again) { return complaints_of(report, again, options.nodes); });
  }
  if (queries) {
    auto made = chaos_queries();
    if (!made) return complain(made.error());
    sim::QueryChaosOptions options;
    options.nodes = std::min(hurting.nodes, 16U);
    options.config = hurting.config;
    options.queries = std::move(*made);
    return run_each_seed<QuerySummary>(
        [&](std::uint64_t seed) {
          options.seed = seed;
          return sim::run_query_chaos(options);
        },
        [&](const auto& report, std::uint64_t again) { return complaints_of(report, again, options.nodes); });
  }
  return run_each_seed<ChaosSummary>(
      [&](std::uint64_t seed) {
        hurting.seed = seed;
        return sim::run_chaos(hurting);
      },
      [&](const auto& report, std::uint64_t again) {
        return complaints_of(report, again, hurting.nodes, profile);
      });
}

/// Runs each seed twice and compares the hashes.
template <class Summary, class Run, class Complain>
int SimCommand::Flags::run_each_seed(const Run& run, const Complain& complaints) {
  const Meter meter;
  const auto range = parse_seeds(seeds);
  if (!range) return complain(range.error());
  Summary summary;
  const bool people = isatty(STDERR_FILENO) != 0;
  std::cerr << "seeds " << range->first << ".." << range->last << '\n';
  for (std::uint64_t seed = range->first; seed <= range->last; ++seed) {
    const auto report = run(seed);
    const std::uint64_t again = run(seed).hash;
    summary.add(report, again);
    for (const std::string& line : complaints(report, again)) std::cerr << line << '\n';
    if (people) std::cerr << fmt::format("\rseed {} ", seed) << std::flush;
  }
  if (people) std::cerr << '\n';
  const auto missing = summary.missing();
  for (const std::string& line : missing) std::cerr << "error: " << line << '\n';
  std::cout << (output == "json" ? summary.json(meter.cost()) : summary.text(meter.cost())) << std::flush;
  return summary.clean() && missing.empty() ? 0 : 1;
}

int SimCommand::Flags::run_route() {
  const Meter meter;
  auto delays = delays_of(delay_model, matrix, routing.seed);
  if (!delays) return complain(delays.error());
  const bool people = isatty(STDERR_FILENO) != 0;
  routing.config = profile_of(profile);
  routing.settle = {static_cast<std::int64_t>(settle_s * 1e6)};
  std::cerr << "seed " << routing.seed << '\n';
  if (people) {
    routing.progress = [this](std::uint32_t joined, std::uint32_t delivered) {
      std::cerr << fmt::format("\r{} of {} joined, {} delivered ", joined, routing.nodes, delivered)
                << std::flush;
    };
  }
  const sim::RouteReport report = sim::run_route(routing, std::move(*delays));
  if (people) std::cerr << '\n';
  if (!out_file.empty()) {
    std::ofstream file(out_file, std::ios::trunc);
    file << path_lines(report);
    if (!file.flush())
      return complain(Error{ErrorCode::Io, fmt::format("cannot write '{}'", out_file), {}, {}});
  }
  std::cout << (output == "json" ? route_json(report, meter.cost()) : route_text(report, meter.cost()))
            << std::flush;
  const bool whole =
      report.joined == report.nodes && report.delivered == report.requests && report.wrong_root == 0;
  if (!whole) std::cerr << "error: not every node joined, or not every request reached its root\n";
  return whole ? 0 : 1;
}

}  // namespace dart::apps
