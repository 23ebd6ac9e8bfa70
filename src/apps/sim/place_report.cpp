#include "apps/sim/place_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace dart::apps {

namespace {

using nlohmann::ordered_json;

/// How much shorter than with `route`, in percent; nothing when that was not asked for.
double below_route(const sim::PlaceReport& report, const sim::PlaceFigures& figures) {
  const auto route = std::find_if(report.policies.begin(), report.policies.end(),
                                  [](const sim::PlaceFigures& it) { return it.policy == "route"; });
  if (route == report.policies.end() || route->median_us == 0) return 0;
  return 100.0 * static_cast<double>(route->median_us - figures.median_us) /
         static_cast<double>(route->median_us);
}

ordered_json json_of(const sim::PlaceReport& report) {
  ordered_json json;
  json["seed"] = report.seed;
  json["nodes"] = report.nodes;
  json["joined"] = report.joined;
  json["apps"] = report.apps;
  json["sources"] = report.sources;
  json["sink"] = report.free_sink ? "free" : "root";
  json["hops_mean"] = report.hops_mean;
  json["direct_median_us"] = report.direct_median_us;
  auto& policies = json["policies"] = ordered_json::array();
  for (const sim::PlaceFigures& it : report.policies) {
    policies.push_back({{"policy", it.policy},
                        {"operators", it.spread.operators},
                        {"nodes_with", it.spread.nodes_with},
                        {"below_3_percent", it.spread.below_3_percent},
                        {"below_4_percent", it.spread.below_4_percent},
                        {"busiest", it.spread.busiest},
                        {"delay_median_us", it.median_us},
                        {"delay_p90_us", it.p90_us},
                        {"delay_mean_us", it.mean_us},
                        {"below_route_percent", below_route(report, it)},
                        {"bytes_per_s", it.bytes_per_s}});
  }
  json["events"] = report.events;
  json["virtual_s"] = report.virtual_s;
  return json;
}

/// Of one policy over several seeds.
struct PlaceMean {
  std::string policy;
  double operators = 0;
  double below_3_percent = 0;
  double below_4_percent = 0;
  double least_below_3_percent = 100;
  std::uint32_t busiest = 0;  ///< the highest
  double median_us = 0;
  double below_route_percent = 0;
};

std::vector<PlaceMean> means_of(const std::vector<sim::PlaceReport>& reports) {
  std::vector<PlaceMean> means;
  const double share = 1 / static_cast<double>(reports.size());
  for (std::size_t p = 0; p < reports.front().policies.size(); ++p) {
    PlaceMean& mean = means.emplace_back();
    mean.policy = reports.front().policies[p].policy;
    for (const sim::PlaceReport& report : reports) {
      const sim::PlaceFigures& it = report.policies[p];
      mean.operators += share * static_cast<double>(it.spread.operators);
      mean.below_3_percent += share * it.spread.below_3_percent;
      mean.below_4_percent += share * it.spread.below_4_percent;
      mean.least_below_3_percent = std::min(mean.least_below_3_percent, it.spread.below_3_percent);
      mean.busiest = std::max(mean.busiest, it.spread.busiest);
      mean.median_us += share * static_cast<double>(it.median_us);
      mean.below_route_percent += share * below_route(report, it);
    }
  }
  return means;
}

}  // namespace

std::string place_json(const sim::PlaceReport& report, const Cost& cost) {
  ordered_json json = json_of(report);
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string place_text(const sim::PlaceReport& report, const Cost& cost) {
  std::string out = fmt::format(
      "{} of {} nodes joined; {} apps with {} readers each, {:.2f} hops to the root, {:.1f} ms straight to "
      "it "
      "(median)\nthe sink runs {}\n",
      report.joined, report.nodes, report.apps, report.sources, report.hops_mean,
      static_cast<double>(report.direct_median_us) / 1000,
      report.free_sink ? "where the policy wants it" : "at the root of the app's key");
  out += fmt::format("{:<8} {:>9} {:>9} {:>9} {:>8} {:>10} {:>9} {:>11} {:>9}\n", "policy", "ops/app",
                     "< 3 ops", "< 4 ops", "busiest", "median ms", "p90 ms", "below route", "bytes/s");
  for (const sim::PlaceFigures& it : report.policies) {
    out += fmt::format("{:<8} {:>9.2f} {:>7.2f} % {:>7.2f} % {:>8} {:>10.1f} {:>9.1f} {:>9.1f} % {:>9.0f}\n",
                       it.policy, static_cast<double>(it.spread.operators) / std::max(1U, report.apps),
                       it.spread.below_3_percent, it.spread.below_4_percent, it.spread.busiest,
                       static_cast<double>(it.median_us) / 1000, static_cast<double>(it.p90_us) / 1000,
                       below_route(report, it), it.bytes_per_s);
  }
  return out + fmt::format("{} events, {:.1f} s of virtual time in {:.1f} s, {:.0f} MB\n", report.events,
                           report.virtual_s, cost.wall_s, cost.peak_rss_mb);
}

std::string places_json(const std::vector<sim::PlaceReport>& reports, const Cost& cost) {
  ordered_json json;
  auto& runs = json["runs"] = ordered_json::array();
  for (const sim::PlaceReport& report : reports) runs.push_back(json_of(report));
  auto& means = json["means"] = ordered_json::array();
  for (const PlaceMean& it : means_of(reports)) {
    means.push_back({{"policy", it.policy},
                     {"seeds", reports.size()},
                     {"operators", it.operators},
                     {"below_3_percent", it.below_3_percent},
                     {"below_3_percent_least", it.least_below_3_percent},
                     {"below_4_percent", it.below_4_percent},
                     {"busiest", it.busiest},
                     {"delay_median_us", it.median_us},
                     {"below_route_percent", it.below_route_percent}});
  }
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string places_text(const std::vector<sim::PlaceReport>& reports, const Cost& cost) {
  const sim::PlaceReport& first = reports.front();
  std::string out =
      fmt::format("means of {} seeds: {} nodes, {} apps with {} readers each; the sink runs {}\n",
                  reports.size(), first.nodes, first.apps, first.sources,
                  first.free_sink ? "where the policy wants it" : "at the root of the app's key");
  out += fmt::format("{:<8} {:>9} {:>9} {:>9} {:>9} {:>8} {:>10} {:>11}\n", "policy", "ops/app", "< 3 ops",
                     "least", "< 4 ops", "busiest", "median ms", "below route");
  for (const PlaceMean& it : means_of(reports)) {
    out +=
        fmt::format("{:<8} {:>9.2f} {:>7.2f} % {:>7.2f} % {:>7.2f} % {:>8} {:>10.1f} {:>9.1f} %\n", it.policy,
                    it.operators / std::max(1U, first.apps), it.below_3_percent, it.least_below_3_percent,
                    it.below_4_percent, it.busiest, it.median_us / 1000, it.below_route_percent);
  }
  return out + fmt::format("{:.1f} s, {:.0f} MB\n", cost.wall_s, cost.peak_rss_mb);
}

}  // namespace dart::apps
