#include "apps/sim/chaos_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace dart::apps {

namespace {

bool read_number(std::string_view text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

/// Of each kind at least so many in ten seeds, or the runs have proved nothing about it.
constexpr std::uint64_t kLeastInTen = 5;

}  // namespace

Result<SeedRange> parse_seeds(std::string_view text) {
  SeedRange range;
  const std::size_t dots = text.find("..");
  const bool good =
      dots == std::string_view::npos
          ? read_number(text, range.first) && read_number(text, range.last)
          : read_number(text.substr(0, dots), range.first) && read_number(text.substr(dots + 2), range.last);
  if (!good || range.last < range.first) {
    return fail(ErrorCode::InvalidArgument, fmt::format("'{}' is no range of seeds", text), std::nullopt,
                "write 1..200, or one number");
  }
  return range;
}

std::vector<std::string> complaints_of(const sim::ChaosReport& report, std::uint64_t again,
                                       std::uint32_t nodes, std::string_view profile) {
  std::vector<std::string> lines;
  for (const std::string& what : report.violations)
    lines.push_back(fmt::format("seed {}: {}", report.seed, what));
  if (report.hash != again) {
    lines.push_back(
        fmt::format("seed {}: two runs differ: {:016x} and {:016x}", report.seed, report.hash, again));
  }
  if (!lines.empty()) {
    lines.push_back(
        fmt::format("again: dart sim chaos --seeds {} --nodes {} --profile {}", report.seed, nodes, profile));
  }
  return lines;
}

void ChaosSummary::add(const sim::ChaosReport& report, std::uint64_t again) {
  ++seeds_;
  if (report.violation_count != 0 || report.hash != again) ++bad_;
  for (std::size_t i = 0; i < sim::kFaults; ++i) sum_.faults[i] += report.faults[i];
  sum_.lost += report.lost;
  sum_.duplicated += report.duplicated;
  sum_.reordered += report.reordered;
  sum_.joins += report.joins;
  sum_.requests += report.requests;
  sum_.delivered += report.delivered;
  sum_.deaths += report.deaths;
  sum_.excused_deaths += report.excused_deaths;
  sum_.replayed += report.replayed;
  sum_.twins += report.twins;
  sum_.partition_doubles += report.partition_doubles;
  sum_.events += report.events;
  sum_.messages += report.messages;
  slowest_heal_s_ = std::max(slowest_heal_s_, report.heal_s);
}

std::vector<std::string> ChaosSummary::missing() const {
  std::vector<std::string> lines;
  if (seeds_ < 10) return lines;
  const std::uint64_t least = seeds_ / 10 * kLeastInTen;
  const auto expect = [&](std::string_view name, std::uint64_t count, std::uint64_t minimum) {
    if (count < minimum)
      lines.push_back(fmt::format("only {} {} in {} seeds, expected {}", count, name, seeds_, minimum));
  };
  for (std::size_t i = 0; i < sim::kFaults; ++i) expect(sim::kFaultNames[i], sum_.faults[i], least);
  expect("messages lost", sum_.lost, 10 * least);
  expect("messages duplicated", sum_.duplicated, 10 * least);
  expect("messages reordered", sum_.reordered, 10 * least);
  expect("messages of earlier lives", sum_.replayed, 10 * least);
  expect("deaths of hidden nodes", sum_.excused_deaths, 10 * least);
  expect("twins ended", sum_.twins, least);
  expect("joins", sum_.joins, 50 * least);
  expect("deaths", sum_.deaths, 10 * least);
  expect("requests delivered", sum_.delivered, 100 * least);
  return lines;
}

std::string ChaosSummary::json(const Cost& cost) const {
  nlohmann::ordered_json json;
  json["seeds"] = seeds_;
  json["bad_seeds"] = bad_;
  for (std::size_t i = 0; i < sim::kFaults; ++i)
    json["faults"][std::string(sim::kFaultNames[i])] = sum_.faults[i];
  json["faults"]["lost"] = sum_.lost;
  json["faults"]["duplicated"] = sum_.duplicated;
  json["faults"]["reordered"] = sum_.reordered;
  json["faults"]["replayed"] = sum_.replayed;
  json["joins"] = sum_.joins;
  json["deaths"] = sum_.deaths;
  json["deaths_of_hidden"] = sum_.excused_deaths;
  json["twins_ended"] = sum_.twins;
  json["requests"] = sum_.requests;
  json["delivered"] = sum_.delivered;
  json["partition_doubles"] = sum_.partition_doubles;
  json["slowest_heal_s"] = slowest_heal_s_;
  json["events"] = sum_.events;
  json["messages"] = sum_.messages;
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string ChaosSummary::text(const Cost& cost) const {
  std::string out = fmt::format("{} seeds, each twice; {} with something wrong\nfaults:", seeds_, bad_);
  for (std::size_t i = 0; i < sim::kFaults; ++i)
    out += fmt::format(" {} {}", sim::kFaultNames[i], sum_.faults[i]);
  out += fmt::format("\nmessages: {}, lost {}, duplicated {}, reordered {}, of earlier lives {}\n",
                     sum_.messages, sum_.lost, sum_.duplicated, sum_.reordered, sum_.replayed);
  out += fmt::format(
      "operations: joins {}, twins ended {}, deaths {} ({} of hidden nodes), requests {}, delivered {}, "
      "double roots "
      "in partitions {}\n",
      sum_.joins, sum_.twins, sum_.deaths, sum_.excused_deaths, sum_.requests, sum_.delivered,
      sum_.partition_doubles);
  out += fmt::format("slowest to heal {:.1f} s; {} events in {:.1f} s, {:.0f} MB\n", slowest_heal_s_,
                     sum_.events, cost.wall_s, cost.peak_rss_mb);
  return out;
}

}  // namespace dart::apps
