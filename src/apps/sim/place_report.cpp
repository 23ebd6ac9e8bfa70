#include "apps/sim/place_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace dart::apps {

namespace {

/// How much shorter than with `route`, in percent; nothing when that was not asked for.
double below_route(const sim::PlaceReport& report, const sim::PlaceFigures& figures) {
  const auto route = std::find_if(report.policies.begin(), report.policies.end(),
                                  [](const sim::PlaceFigures& it) { return it.policy == "route"; });
  if (route == report.policies.end() || route->median_us == 0) return 0;
  return 100.0 * static_cast<double>(route->median_us - figures.median_us) /
         static_cast<double>(route->median_us);
}

}  // namespace

std::string place_json(const sim::PlaceReport& report, const Cost& cost) {
  nlohmann::ordered_json json;
  json["seed"] = report.seed;
  json["nodes"] = report.nodes;
  json["joined"] = report.joined;
  json["apps"] = report.apps;
  json["sources"] = report.sources;
  json["sink"] = report.free_sink ? "free" : "root";
  json["hops_mean"] = report.hops_mean;
  json["direct_median_us"] = report.direct_median_us;
  auto& policies = json["policies"] = nlohmann::ordered_json::array();
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

}  // namespace dart::apps
