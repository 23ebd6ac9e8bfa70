#include "apps/sim/churn_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace dart::apps {

namespace {

nlohmann::ordered_json table_json(const sim::TableFill& fill) {
  return {{"fillable", fill.fillable}, {"empty", fill.empty}, {"stale", fill.stale}};
}

}  // namespace

std::string churn_json(const sim::ChurnReport& report, const Cost& cost) {
  nlohmann::ordered_json json;
  json["seed"] = report.seed;
  json["nodes"] = report.nodes;
  json["deaths"] = report.deaths;
  json["joins"] = report.joins;
  json["churn"] = {{"lookups", report.lookups},
                   {"delivered", report.delivered},
                   {"wrong_root", report.wrong_root},
                   {"double_roots", report.double_roots},
                   {"hops_mean", report.hops_mean},
                   {"stretch_median", report.stretch_median},
                   {"upkeep_messages", report.upkeep_messages},
                   {"upkeep_bytes", report.upkeep_bytes}};
  for (std::size_t i = 0; i < report.by_kind.size(); ++i) {
    if (report.by_kind[i] == 0) continue;
    json["churn"]["messages_by_kind"][std::string(overlay::kMessageNames[i])] = report.by_kind[i];
  }
  json["kill"] = {{"killed", report.killed},
                  {"lookups", report.kill_lookups},
                  {"delivered_within_5_s", report.kill_delivered},
                  {"undelivered", report.kill_undelivered},
                  {"longest_run", report.kill_longest_run},
                  {"hops_before", report.kill_hops_before},
                  {"hops_after", report.kill_hops_after},
                  {"tables_before", table_json(report.kill_tables_before)},
                  {"tables_after", table_json(report.kill_tables_after)},
                  {"messages_per_failed", report.kill_messages_per_failed}};
  json["partition"] = {{"double_roots", report.partition_doubles},
                       {"heal_s", report.heal_s},
                       {"double_roots_after", report.doubles_after}};
  json["events"] = report.events;
  json["virtual_s"] = report.virtual_s;
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string churn_text(const sim::ChurnReport& report, const Cost& cost) {
  std::string out;
  if (report.lookups > 0) {
    out += fmt::format(
        "churn: {} deaths, {} of {} lookups delivered ({:.4f} %), {} at a wrong root, {} double roots\n",
        report.deaths, report.delivered, report.lookups,
        100.0 * static_cast<double>(report.delivered) / static_cast<double>(report.lookups),
        report.wrong_root, report.double_roots);
    out += fmt::format(
        "hops: mean {:.3f}; stretch: median {:.2f}; upkeep a node and second: {:.2f} messages, {:.0f} "
        "bytes\n",
        report.hops_mean, report.stretch_median, report.upkeep_messages, report.upkeep_bytes);
  }
  if (report.killed > 0) {
    out += fmt::format(
        "{} killed at once, at most {} neighbours: {} of {} lookups delivered within 5 s, {} never; hops "
        "{:.3f} before, {:.3f} after; "
        "{:.1f} messages a failed node\n",
        report.killed, report.kill_longest_run, report.kill_delivered, report.kill_lookups,
        report.kill_undelivered, report.kill_hops_before, report.kill_hops_after,
        report.kill_messages_per_failed);
  }
  if (report.killed > 0) {
    const auto& before = report.kill_tables_before;
    const auto& after = report.kill_tables_after;
    out += fmt::format("empty places of routing tables: {} of {} before, {} of {} after, and {} stale\n",
                       before.empty, before.fillable, after.empty, after.fillable, after.stale);
  }
  if (report.heal_s != -1 || report.partition_doubles > 0) {
    out += fmt::format(
        "partition: {} double roots meanwhile; one ring after {:.1f} s; {} double roots after that\n",
        report.partition_doubles, report.heal_s, report.doubles_after);
  }
  out += fmt::format("{} events, {:.0f} s of virtual time in {:.1f} s, {:.0f} MB\n", report.events,
                     report.virtual_s, cost.wall_s, cost.peak_rss_mb);
  return out;
}

}  // namespace dart::apps
