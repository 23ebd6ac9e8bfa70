#include "apps/sim/tree_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace dart::apps {

std::string tree_json(const sim::TreeReport& report, const Cost& cost) {
  nlohmann::ordered_json json;
  json["seed"] = report.seed;
  json["nodes"] = report.nodes;
  json["joined"] = report.joined;
  json["members"] = report.members;
  json["tree"] = {{"nodes", report.in_tree},
                  {"depth", report.depth},
                  {"busiest_fan_out", report.busiest_fan_out},
                  {"fan_out_mean", report.fan_out_mean},
                  {"handed_down", report.handed_down},
                  {"upkeep_messages", report.upkeep_messages},
                  {"upkeep_busiest", report.upkeep_busiest}};
  json["multicast"] = {
      {"sent", report.multicasts},           {"messages_each", report.messages_per_multicast},
      {"stretch_mean", report.stretch_mean}, {"stretch_median", report.stretch.median},
      {"stretch_p90", report.stretch.p90},   {"ratio_of_means", report.stretch.ratio_of_means}};
  json["kill"] = {{"killed", report.killed},
                  {"live_members", report.live_members},
                  {"orphans", report.orphans},
                  {"sent", report.multicasts_after},
                  {"reached_again_s", report.reached_again_s},
                  {"prompt_again_s", report.prompt_again_s},
                  {"slowest_s", report.slowest_s},
                  {"given_again", report.given_again}};
  json["missed"] = report.missed;
  json["twice"] = report.twice;
  json["total"] = {{"members", report.total_members},
                   {"sum", report.total_sum},
                   {"true_members", report.live_members},
                   {"true_sum", report.true_sum}};
  json["right"] = report.right();
  json["hash"] = fmt::format("{:016x}", report.hash);
  json["events"] = report.events;
  json["virtual_s"] = report.virtual_s;
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string tree_text(const sim::TreeReport& report, const Cost& cost) {
  std::string out = fmt::format(
      "{} of {} nodes joined, {} of them entered a group; its tree has {} nodes, depth {}\n"
      "fan-out: mean {:.2f}, busiest {}, handed down {}\n"
      "upkeep: {:.2f} messages a node and second, busiest node {:.1f}\n",
      report.joined, report.nodes, report.members, report.in_tree, report.depth, report.fan_out_mean,
      report.busiest_fan_out, report.handed_down, report.upkeep_messages, report.upkeep_busiest);
  out += fmt::format(
      "{} multicasts from the root, {:.0f} messages each; stretch: mean {:.2f}, median {:.2f}, 90 % below "
      "{:.2f}, ratio of means {:.2f}\n",
      report.multicasts, report.messages_per_multicast, report.stretch_mean, report.stretch.median,
      report.stretch.p90, report.stretch.ratio_of_means);
  out += fmt::format(
      "{} nodes killed, the root among them; {} members live on, {} nodes lost their parent\n"
      "all live members reached again after {:.2f} s, within a second each from {:.2f} s on; slowest {:.2f} "
      "s, {} given again\n",
      report.killed, report.live_members, report.orphans, report.reached_again_s, report.prompt_again_s,
      report.slowest_s, report.given_again);
  out += fmt::format(
      "{} multicasts in all: {} missed, {} twice; total of {} members is {}, should be {} and {}\n",
      report.multicasts + report.multicasts_after, report.missed, report.twice, report.total_members,
      report.total_sum, report.live_members, report.true_sum);
  return out + fmt::format("{} events, {:.1f} s of virtual time in {:.1f} s, {:.0f} MB, hash {:016x}\n",
                           report.events, report.virtual_s, cost.wall_s, cost.peak_rss_mb, report.hash);
}

}  // namespace dart::apps
