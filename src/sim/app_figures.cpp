#include "sim/app_figures.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace dart::sim {

namespace {

constexpr double kRowsPerS = 10;
constexpr double kBytesPerRow = 64;
constexpr double kCombined = 0.5;

double percent(std::uint64_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

placement::QuerySpec app_spec(std::string name) {
  using placement::EdgeKind;
  using placement::StageRole;
  placement::QuerySpec spec;
  spec.name = std::move(name);
  spec.text = "SELECT sum(v) FROM readings";
  spec.stages.resize(3);
  for (placement::StageShape& stage : spec.stages) {
    stage.rows_per_s = kRowsPerS;
    stage.bytes_per_row = kBytesPerRow;
  }
  spec.stages[0].role = StageRole::Source;
  spec.stages[1].role = StageRole::Combine;
  spec.stages[1].selectivity = kCombined;
  spec.stages[2].role = StageRole::Main;
  spec.edges = {{0, 1, EdgeKind::Merge}, {1, 2, EdgeKind::Merge}};
  return spec;
}

OperatorSpread spread_of(const std::vector<std::uint32_t>& operators_by_node) {
  OperatorSpread spread;
  for (const std::uint32_t count : operators_by_node) {
    spread.busiest = std::max(spread.busiest, count);
    spread.operators += count;
    if (spread.nodes_with.size() <= count) spread.nodes_with.resize(count + 1);
    ++spread.nodes_with[count];
  }
  std::uint64_t below = 0;
  for (std::size_t count = 0; count < 4; ++count) {
    if (count < spread.nodes_with.size()) below += spread.nodes_with[count];
    if (count == 2) spread.below_3_percent = percent(below, operators_by_node.size());
    if (count == 3) spread.below_4_percent = percent(below, operators_by_node.size());
  }
  return spread;
}

std::vector<std::int64_t> ways_to_sink(const World& world, const std::vector<placement::Placed>& placed) {
  std::map<placement::InstanceId, const placement::Placed*> by_id;
  std::set<placement::InstanceId> receivers;
  for (const placement::Placed& it : placed) {
    by_id[it.id] = &it;
    receivers.insert(it.to.begin(), it.to.end());
  }
  std::vector<std::int64_t> ways;
  for (const placement::Placed& reader : placed) {
    if (reader.away || receivers.contains(reader.id) || reader.to.empty()) continue;
    std::int64_t us = 0;
    const placement::Placed* at = &reader;
    for (std::size_t steps = 0; !at->to.empty() && steps <= placed.size(); ++steps) {
      const auto next = by_id.find(at->to.front());
      if (next == by_id.end()) break;
      if (at->host.id != next->second->host.id) {
        us += world.delay(World::machine_of(at->host), World::machine_of(next->second->host)).us;
      }
      at = next->second;
    }
    ways.push_back(us);
  }
  return ways;
}

}  // namespace dart::sim
