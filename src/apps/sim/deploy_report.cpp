#include "apps/sim/deploy_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include <nlohmann/json.hpp>

#include "apps/text_table.hpp"
#include "sim/path_figures.hpp"

namespace dart::apps {

namespace {

using nlohmann::ordered_json;

/// The figures of one run, or the means of several.
struct Figures {
  std::string policy;
  double runs = 0;
  double running = 0;
  double mean_ms = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
  double messages_per_app = 0;
  double bytes_per_app = 0;
  double window_messages = 0;
  double window_bytes = 0;
  double operators = 0;
  double below_3_percent = 0;
  double below_4_percent = 0;
  double busiest = 0;  ///< the highest of all runs
  double to_sink_median_ms = 0;
  double schedulers = 0;
  double busiest_scheduler = 0;
  double busiest_busy_ms = 0;
  double longest_wait_ms = 0;
};

double ms(std::int64_t us) { return static_cast<double>(us) / 1000; }

Figures figures_of(const sim::DeployReport& report) {
  Figures it;
  it.policy = report.policy;
  it.runs = 1;
  it.running = report.running;
  const auto& times = report.deployment_us;
  const double sum = std::accumulate(times.begin(), times.end(), 0.0);
  it.mean_ms = sum / 1000 / static_cast<double>(std::max<std::size_t>(1, times.size()));
  it.p50_ms = ms(sim::rank(times, 0.5));
  it.p99_ms = ms(sim::rank(times, 0.99));
  it.max_ms = times.empty() ? 0 : ms(*std::max_element(times.begin(), times.end()));
  const double apps = std::max(1U, report.apps);
  it.messages_per_app = static_cast<double>(report.deploying.messages) / apps;
  it.bytes_per_app = report.deploying.bytes / apps;
  it.window_messages = static_cast<double>(report.window.messages);
  it.window_bytes = report.window.bytes;
  it.operators = static_cast<double>(report.spread.operators);
  it.below_3_percent = report.spread.below_3_percent;
  it.below_4_percent = report.spread.below_4_percent;
  it.busiest = report.spread.busiest;
  it.to_sink_median_ms = ms(sim::rank(report.to_sink_us, 0.5));
  it.schedulers = report.schedulers;
  it.busiest_scheduler = report.busiest_scheduler;
  it.busiest_busy_ms = static_cast<double>(report.busiest_ns) / 1e6;
  it.longest_wait_ms = ms(report.longest_wait_us);
  return it;
}

constexpr double Figures::*kMeans[] = {
    &Figures::running,         &Figures::mean_ms,          &Figures::p50_ms,
    &Figures::p99_ms,          &Figures::messages_per_app, &Figures::bytes_per_app,
    &Figures::window_messages, &Figures::window_bytes,     &Figures::operators,
    &Figures::below_3_percent, &Figures::below_4_percent,  &Figures::to_sink_median_ms,
    &Figures::schedulers,      &Figures::busiest_busy_ms};
constexpr double Figures::*kHighest[] = {&Figures::max_ms, &Figures::busiest, &Figures::busiest_scheduler,
                                         &Figures::longest_wait_ms};

/// Means over the seeds, by policy in their order; of extremes the highest.
std::vector<Figures> means_of(const DeployReports& reports) {
  std::vector<Figures> means;
  for (const sim::DeployReport& report : reports) {
    const Figures own = figures_of(report);
    const auto same = [&](const Figures& one) { return one.policy == own.policy; };
    auto found = std::find_if(means.begin(), means.end(), same);
    if (found == means.end()) {
      means.push_back(own);
      continue;
    }
    for (const auto member : kMeans) (*found).*member += own.*member;
    for (const auto member : kHighest) (*found).*member = std::max((*found).*member, own.*member);
    found->runs += 1;
  }
  for (Figures& it : means) {
    for (const auto member : kMeans) it.*member /= it.runs;
  }
  return means;
}

/// How much shorter the way to the sink is than with `route` over the same seeds, in percent; 0 without it.
double below_route(const std::vector<Figures>& all, const Figures& it) {
  const auto route =
      std::find_if(all.begin(), all.end(), [](const Figures& one) { return one.policy == "route"; });
  if (route == all.end() || route->to_sink_median_ms <= 0) return 0;
  return 100 * (route->to_sink_median_ms - it.to_sink_median_ms) / route->to_sink_median_ms;
}

ordered_json json_of(const Figures& it) {
  return {
      {"policy", it.policy},
      {"running", it.running},
      {"deployment_ms", {{"mean", it.mean_ms}, {"p50", it.p50_ms}, {"p99", it.p99_ms}, {"max", it.max_ms}}},
      {"deploy_messages_per_app", it.messages_per_app},
      {"deploy_bytes_per_app", it.bytes_per_app},
      {"window_messages", it.window_messages},
      {"window_bytes", it.window_bytes},
      {"operators", it.operators},
      {"below_3_percent", it.below_3_percent},
      {"below_4_percent", it.below_4_percent},
      {"busiest", it.busiest},
      {"to_sink_median_ms", it.to_sink_median_ms},
      {"schedulers", it.schedulers},
      {"busiest_scheduler", it.busiest_scheduler},
      {"busiest_busy_ms", it.busiest_busy_ms},
      {"longest_wait_ms", it.longest_wait_ms}};
}

ordered_json json_of(const sim::DeployReport& report) {
  ordered_json json;
  json["seed"] = report.seed;
  json.update(json_of(figures_of(report)));
  json["joined"] = report.joined;
  json["refused"] = report.refused;
  if (!report.refusal.empty()) json["refusal"] = report.refusal;
  json["nodes_with"] = report.spread.nodes_with;
  auto& kinds = json["deploy_messages"] = ordered_json::object();
  for (const sim::KindTraffic& it : report.kinds) {
    kinds[it.name] = {{"messages", it.traffic.messages}, {"bytes", it.traffic.bytes}};
  }
  json["idle_messages_per_s"] = report.idle_deploying_per_s;
  json["steps"] = report.steps;
  json["guessed_share"] = report.guessed_share;
  json["events"] = report.events;
  json["virtual_s"] = report.virtual_s;
  return json;
}

std::string line_of(const Figures& it) {
  return fmt::format(
      "{:<8} {:>6.0f} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.3f} {:>9.1f} {:>8.2f} {:>8.2f} "
      "{:>7.0f} {:>9.1f}\n",
      it.policy, it.running, it.mean_ms, it.p50_ms, it.p99_ms, it.max_ms, it.messages_per_app,
      it.window_messages / 1e6, it.window_bytes / 1e6, it.below_3_percent, it.below_4_percent, it.busiest,
      it.to_sink_median_ms);
}

std::string notes_of(const std::vector<Figures>& means) {
  std::string out;
  for (const Figures& it : means) {
    out += fmt::format(
        "{}: {:.0f} nodes schedule, {:.0f} apps at the busiest; the busiest processor worked {:.1f} ms, the "
        "longest "
        "wait for one was {:.1f} ms; {:.2f} operators an app",
        it.policy, it.schedulers, it.busiest_scheduler, it.busiest_busy_ms, it.longest_wait_ms,
        it.operators / std::max(1.0, it.running));
    const double below = below_route(means, it);
    out += below == 0 ? "\n" : fmt::format("; {:.1f} % below route on the way to the sink\n", below);
  }
  return out;
}

}  // namespace

std::string deploy_json(const DeployReports& reports, const Cost& cost) {
  ordered_json json;
  const sim::DeployReport& first = reports.front();
  json["nodes"] = first.nodes;
  json["apps"] = first.apps;
  json["sources"] = first.sources;
  json["sink"] = first.free_sink ? "free" : "root";
  json["window_s"] = first.window_s;
  auto& runs = json["runs"] = ordered_json::array();
  for (const sim::DeployReport& report : reports) runs.push_back(json_of(report));
  const std::vector<Figures> means = means_of(reports);
  auto& all = json["means"] = ordered_json::array();
  for (const Figures& it : means) {
    ordered_json mean = json_of(it);
    mean["seeds"] = it.runs;
    mean["below_route_percent"] = below_route(means, it);
    all.push_back(std::move(mean));
  }
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string deploy_text(const DeployReports& reports, const Cost& cost) {
  const sim::DeployReport& first = reports.front();
  std::string out =
      fmt::format("{} of {} nodes joined; {} apps with {} readers each; all traffic of {:.0f} s\n",
                  first.joined, first.nodes, first.apps, first.sources, first.window_s);
  out += fmt::format("{:<8} {:>6} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8} {:>8} {:>7} {:>9}\n",
                     "policy", "run", "mean ms", "p50 ms", "p99 ms", "max ms", "msgs/app", "M msgs", "MB",
                     "% < 3", "% < 4", "busiest", "sink ms");
  const std::vector<Figures> means = means_of(reports);
  if (reports.size() > means.size()) {
    for (const sim::DeployReport& report : reports) out += line_of(figures_of(report));
    out += fmt::format("mean of {:.0f} seeds, of extremes the highest:\n", means.front().runs);
  }
  for (const Figures& it : means) out += line_of(it);
  out += notes_of(means);
  double guessed = 0;
  std::uint64_t events = 0;
  for (const sim::DeployReport& report : reports) {
    guessed = std::max(guessed, report.guessed_share);
    events += report.events;
  }
  return out +
         fmt::format(
             "{:.2f} % of all steps were of a kind that was not measured; {} events in {:.1f} s, {:.0f} "
             "MB\n",
             100 * guessed, events, cost.wall_s, cost.peak_rss_mb);
}

}  // namespace dart::apps
