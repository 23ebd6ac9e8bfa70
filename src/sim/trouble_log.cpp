#include "sim/trouble_log.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/checkers.hpp"

namespace dart::sim {

namespace {

/// A later life of the same id is a member: whether that is right is another question.
bool replaced(const World& world, std::uint32_t machine) {
  const auto& self = world.core(machine)->overlay().self();
  for (std::uint32_t i = 0; i < world.machines(); ++i) {
    if (i == machine || world.id(i) != self.id || world.core(i) == nullptr) continue;
    const auto& other = world.core(i)->overlay();
    if (other.phase() == overlay::Phase::Member && other.self().replaces(self)) return true;
  }
  return false;
}

}  // namespace

void TroubleLog::machine(std::uint32_t machine, std::int64_t until_us) {
  if (machine >= machines_.size()) machines_.resize(machine + 1, INT64_MIN);
  machines_[machine] = std::max(machines_[machine], until_us);
}

void TroubleLog::link(std::uint32_t a, std::uint32_t b, std::int64_t until_us) {
  std::int64_t& known = links_[std::minmax(a, b)];
  known = std::max(known, until_us);
}

void TroubleLog::heal(std::int64_t now_us) {
  if (parted_) merge(now_us);
  for (auto& [pair, until] : links_) until = std::min(until, now_us);
}

bool TroubleLog::merged_since(std::int64_t us) const {
  return std::any_of(partitions_.begin(), partitions_.end(),
                     [&](const Partition& it) { return it.until_us != INT64_MAX && it.until_us >= us; });
}

bool TroubleLog::apart_since(std::uint32_t a, std::uint32_t b, std::int64_t us) const {
  return std::any_of(partitions_.begin(), partitions_.end(), [&](const Partition& it) {
    // One that was added later took part in nothing.
    return it.until_us >= us && std::max(a, b) < it.groups.size() && it.groups[a] != it.groups[b];
  });
}

bool TroubleLog::machine_since(std::uint32_t machine, std::int64_t us) const {
  return machine < machines_.size() && machines_[machine] >= us;
}

std::size_t TroubleLog::links_since(std::uint32_t machine, std::int64_t us) const {
  return static_cast<std::size_t>(std::count_if(links_.begin(), links_.end(), [&](const auto& link) {
    return (link.first.first == machine || link.first.second == machine) && link.second >= us;
  }));
}

std::string DeathChecker::on_died(const World& world, const TroubleLog& troubles, std::uint32_t by,
                                  const overlay::NodeHandle& dead) {
  const std::uint32_t machine = World::machine_of(dead);
  if (machine >= world.machines() || world.state(machine) != MachineState::Up) return {};
  const auto& node = world.core(machine)->overlay();
  if (!node.self().same_life(dead) || node.phase() != overlay::Phase::Member) return {};
  if (has_excuse(world, troubles, by, machine)) {
    ++excused_;
    return {};
  }
  return fmt::format("at {} us machine {} took the healthy machine {} ({}) for dead", world.now().us, by,
                     machine, dead.id.short_text());
}

bool DeathChecker::has_excuse(const World& world, const TroubleLog& troubles, std::uint32_t by,
                              std::uint32_t dead) const {
  const std::int64_t since = world.now().us - grace_us_;
  if (replaced(world, dead) || troubles.machine_since(dead, since) || troubles.merged_since(since))
    return true;
  if (troubles.apart_since(by, dead, since)) return true;
  const RingTruth truth = truth_of(world);
  const std::size_t place = truth.place(world.id(dead));
  const std::size_t around = std::min(2 * overlay::limits::kLeafSide, truth.size() - 1);
  const std::size_t first = place + truth.size() - around / 2;
  std::size_t witnesses = 0;
  for (std::size_t i = 0; i <= around; ++i) {
    const std::uint32_t other = truth.at(first + i);
    if (other == dead) continue;
    const bool there = !troubles.apart_since(other, dead, since) && !troubles.machine_since(other, since);
    witnesses += there || other == by ? 1U : 0U;
  }
  const std::size_t hidden_from = troubles.links_since(dead, since);
  return hidden_from > 0 && hidden_from >= std::min<std::size_t>(2, witnesses);
}

}  // namespace dart::sim
