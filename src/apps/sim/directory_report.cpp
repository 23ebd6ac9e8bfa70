#include "apps/sim/directory_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace dart::apps {

namespace {

/// Of each fault at least so many in ten seeds, or the runs have proved nothing about it.
constexpr std::uint64_t kLeastInTen = 5;
/// Of the operations begun on the side of the majority while faults are on, this share has to end well.
constexpr double kLeastShare = 0.7;

}  // namespace

std::vector<std::string> complaints_of(const sim::DirectoryChaosReport& report, std::uint64_t again,
                                       std::uint32_t nodes) {
  std::vector<std::string> lines;
  for (const std::string& what : report.violations) {
    lines.push_back(fmt::format("seed {}: {}", report.seed, what));
  }
  if (report.hash != again) {
    lines.push_back(
        fmt::format("seed {}: two runs differ: {:016x} and {:016x}", report.seed, report.hash, again));
  }
  if (!lines.empty()) {
    lines.push_back(
        fmt::format("again: dart sim chaos --directory --seeds {} --nodes {}", report.seed, nodes));
  }
  return lines;
}

void DirectorySummary::add(const sim::DirectoryChaosReport& report, std::uint64_t again) {
  ++seeds_;
  if (report.violation_count != 0 || report.hash != again) ++bad_;
  for (std::size_t i = 0; i < sim::kFaults; ++i) sum_.faults[i] += report.faults[i];
  sum_.operations += report.operations;
  sum_.ok += report.ok;
  sum_.conflicts += report.conflicts;
  sum_.unavailable += report.unavailable;
  sum_.unknown += report.unknown;
  sum_.unreturned += report.unreturned;
  sum_.hurt += report.hurt;
  sum_.hurt_completed += report.hurt_completed;
  sum_.notices += report.notices;
  sum_.power_cuts += report.power_cuts;
  sum_.groups += report.groups;
  sum_.caught_up += report.caught_up;
  sum_.believed += report.believed;
  sum_.old_disks += report.old_disks;
  sum_.fsyncs += report.fsyncs;
  sum_.events += report.events;
  sum_.messages += report.messages;
  sum_.settled_s = std::max(sum_.settled_s, report.settled_s);
}

std::vector<std::string> DirectorySummary::missing() const {
  std::vector<std::string> lines;
  if (seeds_ < 10) return lines;
  const std::uint64_t least = seeds_ / 10 * kLeastInTen;
  const auto expect = [&](std::string_view name, std::uint64_t count, std::uint64_t minimum) {
    if (count < minimum)
      lines.push_back(fmt::format("only {} {} in {} seeds, expected {}", count, name, seeds_, minimum));
  };
  for (std::size_t i = 0; i < sim::kFaults; ++i) expect(sim::kFaultNames[i], sum_.faults[i], least);
  expect("operations that ended well", sum_.ok + sum_.conflicts, 100 * least);
  expect("new versions seen by a watch", sum_.notices, least);
  expect("power cuts", sum_.power_cuts, least / 2);
  expect("changed groups", sum_.groups, 100 * least);
  expect("disks found to be old", sum_.old_disks, least / 2);
  if (static_cast<double>(sum_.hurt_completed) < kLeastShare * static_cast<double>(sum_.hurt)) {
    lines.push_back(fmt::format("only {} of {} operations ended well while faults were on",
                                sum_.hurt_completed, sum_.hurt));
  }
  return lines;
}

std::string DirectorySummary::json(const Cost& cost) const {
  nlohmann::ordered_json json;
  json["seeds"] = seeds_;
  json["bad_seeds"] = bad_;
  for (std::size_t i = 0; i < sim::kFaults; ++i) {
    json["faults"][std::string(sim::kFaultNames[i])] = sum_.faults[i];
  }
  json["operations"] = sum_.operations;
  json["ok"] = sum_.ok;
  json["conflicts"] = sum_.conflicts;
  json["unavailable"] = sum_.unavailable;
  json["unknown"] = sum_.unknown;
  json["unreturned"] = sum_.unreturned;
  json["begun_under_faults"] = sum_.hurt;
  json["ended_well_under_faults"] = sum_.hurt_completed;
  json["notices"] = sum_.notices;
  json["power_cuts"] = sum_.power_cuts;
  json["groups_changed"] = sum_.groups;
  json["caught_up"] = sum_.caught_up;
  json["disks_believed"] = sum_.believed;
  json["disks_old"] = sum_.old_disks;
  json["slowest_settled_s"] = sum_.settled_s;
  json["fsyncs"] = sum_.fsyncs;
  json["events"] = sum_.events;
  json["messages"] = sum_.messages;
  json["wall_s"] = cost.wall_s;
  json["peak_rss_mb"] = cost.peak_rss_mb;
  return json.dump() + '\n';
}

std::string DirectorySummary::text(const Cost& cost) const {
  std::string out = fmt::format("{} seeds, each twice; {} with something wrong\nfaults:", seeds_, bad_);
  for (std::size_t i = 0; i < sim::kFaults; ++i) {
    out += fmt::format(" {} {}", sim::kFaultNames[i], sum_.faults[i]);
  }
  out += fmt::format(
      "\noperations: {}, ok {}, conflicts {}, unavailable {}, unknown {}, of stopped clients {}\n"
      "under faults: {} of {} ended well; versions seen by a watch {}; power cuts {}\n",
      sum_.operations, sum_.ok, sum_.conflicts, sum_.unavailable, sum_.unknown, sum_.unreturned,
      sum_.hurt_completed, sum_.hurt, sum_.notices, sum_.power_cuts);
  out += fmt::format(
      "groups changed {}, members caught up {}, disks believed {}, found old {}, fsyncs {}; slowest to "
      "settle "
      "{:.1f} s\n",
      sum_.groups, sum_.caught_up, sum_.believed, sum_.old_disks, sum_.fsyncs, sum_.settled_s);
  out += fmt::format("{} events, {} messages in {:.1f} s, {:.0f} MB\n", sum_.events, sum_.messages,
                     cost.wall_s, cost.peak_rss_mb);
  return out;
}

}  // namespace dart::apps
