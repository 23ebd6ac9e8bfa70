#include "apps/sim/route_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace dart::apps {

std::string route_json(const sim::RouteReport& report, const Cost& cost) {
  nlohmann::ordered_json json;
  json["seed"] = report.seed;
  json["nodes"] = report.nodes;
  json["joined"] = report.joined;
  json["requests"] = report.requests;
  json["delivered"] = report.delivered;
  json["wrong_root"] = report.wrong_root;
  auto& hops = json["hops"];
  hops["mean"] = report.figures.hops_mean;
  hops["max"] = report.figures.hops_max;
  hops["histogram"] = report.figures.hops_histogram;
  auto& stretch = json["stretch"];
  stretch["median"] = report.stretch.median;
  stretch["p90"] = report.stretch.p90;
  stretch["ratio_of_means"] = report.stretch.ratio_of_means;
  auto& levels = json["levels"] = nlohmann::ordered_json::array();
  for (const auto& level : report.figures.levels) {
    levels.push_back({{"level", level.level},
                      {"appearances", level.appearances},
                      {"distinct", level.distinct},
                      {"max", level.max}});
  }
  json["loaded_share"] = report.loaded_share;
  json["tables"] = {
      {"fillable", report.tables.fillable}, {"empty", report.tables.empty}, {"stale", report.tables.stale}};
  json["state_bytes"] = {{"mean", report.state_bytes_mean}, {"max", report.state_bytes_max}};
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  json["events"] = report.events;
  json["messages"] = report.messages;
  for (std::size_t i = 0; i < report.by_kind.size(); ++i) {
    if (report.by_kind[i] != 0)
      json["messages_by_kind"][std::string(overlay::kMessageNames[i])] = report.by_kind[i];
  }
  json["virtual_s"] = report.virtual_s;
  json["join_virtual_s"] = report.join_virtual_s;
  return json.dump() + '\n';
}

std::string route_text(const sim::RouteReport& report, const Cost& cost) {
  std::string out = fmt::format(
      "{} of {} nodes joined in {:.1f} s of virtual time; {} of {} requests delivered, {} at a wrong root\n",
      report.joined, report.nodes, report.join_virtual_s, report.delivered, report.requests,
      report.wrong_root);
  out +=
      fmt::format("hops: mean {:.3f}, max {}, histogram", report.figures.hops_mean, report.figures.hops_max);
  for (std::size_t i = 0; i < report.figures.hops_histogram.size(); ++i)
    out += fmt::format(" {}:{}", i, report.figures.hops_histogram[i]);
  out += fmt::format("\nstretch: median {:.2f}, 90 % below {:.2f}, ratio of means {:.2f}\n",
                     report.stretch.median, report.stretch.p90, report.stretch.ratio_of_means);
  out += fmt::format("{:>5} {:>11} {:>8} {:>8}\n", "level", "appearances", "distinct", "busiest");
  for (const auto& level : report.figures.levels) {
    out +=
        fmt::format("{:>5} {:>11} {:>8} {:>8}\n", level.level, level.appearances, level.distinct, level.max);
  }
  out += fmt::format("nodes loaded beyond their own request: {:.1f} %\n", 100 * report.loaded_share);
  out += fmt::format("routing tables: {} places could be filled, {} are empty, {} stale\n",
                     report.tables.fillable, report.tables.empty, report.tables.stale);
  out += fmt::format("overlay state a node: {:.0f} bytes on average, {} at most\n", report.state_bytes_mean,
                     report.state_bytes_max);
  out += fmt::format("{} events, {} messages, {:.1f} s of virtual time in {:.2f} s, {:.0f} MB\n",
                     report.events, report.messages, report.virtual_s, cost.wall_s, cost.peak_rss_mb);
  out += "messages:";
  for (std::size_t i = 0; i < report.by_kind.size(); ++i) {
    if (report.by_kind[i] != 0) out += fmt::format(" {} {}", overlay::kMessageNames[i], report.by_kind[i]);
  }
  return out + '\n';
}

std::string path_lines(const sim::RouteReport& report) {
  std::string out;
  for (const auto& path : report.paths) {
    for (std::size_t i = 0; i < path.size(); ++i) out += fmt::format("{}{}", i == 0 ? "" : " ", path[i]);
    out += '\n';
  }
  return out;
}

}  // namespace dart::apps
