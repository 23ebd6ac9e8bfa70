#include "sim/fault_injector.hpp"

#include <algorithm>

#include "sim/checkers.hpp"

namespace dart::sim {

namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kPauseUs = 5 * kSecond;
/// Rings of fewer nodes than this have parts and small seeds lists of their own.
constexpr std::uint32_t kSmallRing = 8;
constexpr std::size_t kSeeds = 3;
constexpr std::uint32_t kAnchors = 4;

}  // namespace

FaultInjector::FaultInjector(World& world, TroubleLog& troubles, Random random, std::int64_t scale)
    : world_(world), troubles_(troubles), random_(random), scale_(scale) {
  old_disks_.resize(world.machines());
  frozen_.resize(world.machines());
}

std::int64_t FaultInjector::length(std::int64_t from_us, std::int64_t to_us) {
  return scale_ *
         (from_us + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(to_us - from_us))));
}

std::uint32_t FaultInjector::count_up() const {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < world_.machines(); ++i) count += up(i) ? 1U : 0U;
  return count;
}

std::vector<std::uint32_t> FaultInjector::seeds() {
  std::vector<std::uint32_t> list;
  for (std::size_t i = 0; i < kSeeds; ++i) list.push_back(pick());
  // An operator also names some that always come back.
  for (std::uint32_t i = 0; i < kAnchors; ++i) list.push_back(i % world_.machines());
  return list;
}

bool FaultInjector::inject(Fault fault) {
  // With hardly a witness, hiding one node from some is a partition; and a few restarts at once are a ring
  // that nobody is left of. A small ring meets silence only.
  const bool silence = fault == Fault::Pause || fault == Fault::Hiccup || fault == Fault::Slow ||
                       fault == Fault::Partition || fault == Fault::Weather;
  if (world_.machines() <= kSmallRing && !silence) return false;
  const std::uint32_t one = pick();
  switch (fault) {
    case Fault::CrashRefusing:
    case Fault::CrashSilent:
    case Fault::Leave:
      return stop(one, fault);
    case Fault::RestartWhole:
    case Fault::RestartEmpty:
    case Fault::RestartRolledBack:
      return restart(one, fault);
    case Fault::StartClone:
      return start_clone(one);
    case Fault::Pause:
      return pause(one, scale_ * kPauseUs);
    case Fault::Hiccup:
      return pause(one, length(kSecond / 2, 3 * kSecond));
    case Fault::Slow:
      world_.set_slow(one, {static_cast<std::int64_t>(random_.below(100'000))});
      return true;
    case Fault::OneWayCut:
      return cut(one);
    case Fault::Firewall:
      return wall(one);
    case Fault::Partition:
      return part();
    case Fault::ReplayPast:
      return replay_past(one);
    case Fault::Weather:
      weather();
      return true;
  }
  return false;
}

void FaultInjector::weather() {
  world_.faults.loss_permille = static_cast<std::uint32_t>(random_.below(30));
  world_.faults.duplicate_permille = static_cast<std::uint32_t>(random_.below(30));
  world_.faults.reorder_permille = static_cast<std::uint32_t>(random_.below(100));
}

bool FaultInjector::stop(std::uint32_t one, Fault fault) {
  if (!up(one) || 4 * count_up() <= 3 * world_.machines() || frozen_[one]) return false;
  old_disks_[one].push_back(world_.disk(one));
  if (fault == Fault::Leave) {
    world_.command(one, overlay::Leave{});
  } else {
    world_.crash(one, fault == Fault::CrashRefusing);
  }
  return true;
}

bool FaultInjector::restart(std::uint32_t one, Fault fault) {
  // Any that is down will do: there are few of them.
  for (std::uint32_t i = 0; i < world_.machines() && world_.state(one) != MachineState::Off; ++i) {
    one = (one + 1) % world_.machines();
  }
  if (world_.state(one) != MachineState::Off || frozen_[one]) return false;
  if (fault != Fault::RestartWhole && may_lose_disk && !may_lose_disk(one)) return false;
  if (fault == Fault::RestartEmpty) {
    world_.disk(one) = {};
  } else if (fault == Fault::RestartRolledBack) {
    if (old_disks_[one].empty()) return false;
    world_.disk(one) = old_disks_[one].front();
  }
  world_.start(one, seeds());
  return true;
}

bool FaultInjector::start_clone(std::uint32_t one) {
  if (cloned_ || !up(one) || troubles_.parted() || !world_.core(one)->overlay().joined()) return false;
  if (may_lose_disk && !may_lose_disk(one)) return false;
  cloned_ = true;
  start_copy_of(one);
  return true;
}

std::uint32_t FaultInjector::start_copy_of(std::uint32_t one) {
  const Disk disk = world_.disk(one);
  const std::uint32_t copy = world_.add_machine(world_.id(one));
  old_disks_.resize(world_.machines());
  frozen_.resize(world_.machines());
  // Both stay out of the other games: they end each other.
  frozen_[one] = frozen_[copy] = true;
  world_.disk(copy) = disk;
  world_.disk(copy).copied = true;
  world_.start(copy, seeds());
  return copy;
}

bool FaultInjector::pause(std::uint32_t one, std::int64_t length_us) {
  if (!up(one) || 4 * count_up() <= 3 * world_.machines()) return false;
  world_.pause(one, {length_us});
  troubles_.machine(one, world_.now().us + length_us);
  return true;
}

bool FaultInjector::cut(std::uint32_t one) {
  if (!up(one)) return false;
  // Between neighbours it is noticed: most cuts are there.
  const RingTruth truth = truth_of(world_);
  const std::size_t place = truth.place(world_.id(one)) + truth.size();
  std::uint32_t other = truth.at(random_.chance(1, 2) ? place + 1 : place - 1);
  if (random_.chance(1, 4)) other = pick();
  if (one == other) return false;
  const std::int64_t until = world_.now().us + length(2 * kSecond, 12 * kSecond);
  if (random_.chance(1, 2)) std::swap(one, other);
  world_.cut(one, other);
  troubles_.link(one, other, until);
  cuts_.push_back({one, other, until});
  return true;
}

bool FaultInjector::wall(std::uint32_t one) {
  if (!walls_.empty() || !up(one)) return false;
  const RingTruth truth = truth_of(world_);
  const std::size_t place = truth.place(world_.id(one)) + truth.size();
  Wall wall{one, {}, world_.now().us + length(2 * kSecond, 5 * kSecond)};
  for (const std::size_t at : {place - 2, place - 1, place + 1, place + 2})
    wall.outside.push_back(truth.at(at));
  for (const std::uint32_t other : wall.outside) {
    world_.reject(one, other);
    troubles_.link(one, other, wall.until_us);
  }
  walls_.push_back(std::move(wall));
  return true;
}

void FaultInjector::open(const Wall& wall) {
  for (const std::uint32_t other : wall.outside) world_.accept(wall.inside, other);
}

bool FaultInjector::part() {
  if (troubles_.parted() || random_.chance(1, 2)) return false;
  // In a small ring everybody beyond is a leaf and soon forgotten but for the list of the lost.
  const std::int64_t most = world_.machines() <= kSmallRing ? 16 * kSecond : 8 * kSecond;
  part_until_us_ = world_.now().us + length(3 * kSecond, most);
  part_now(2, 3);
  return true;
}

void FaultInjector::part_now(std::uint32_t parts, std::uint32_t one_in) {
  std::vector<std::uint32_t> groups;
  for (std::uint32_t i = 0; i < world_.machines(); ++i) {
    groups.push_back(random_.chance(1, one_in) ? 1 + static_cast<std::uint32_t>(random_.below(parts - 1))
                                               : 0);
    world_.set_group(i, groups.back());
  }
  troubles_.part(std::move(groups));
}

void FaultInjector::join_parts() {
  for (std::uint32_t i = 0; i < world_.machines(); ++i) world_.set_group(i, 0);
  troubles_.merge(world_.now().us);
}

bool FaultInjector::replay_past(std::uint32_t one) {
  for (std::uint32_t i = 0; i < world_.machines(); ++i, one = (one + 1) % world_.machines()) {
    if (up(one) && world_.core(one)->overlay().joined() && world_.replay_past(one) > 0) return true;
  }
  return false;
}

void FaultInjector::end_due() {
  const std::int64_t now = world_.now().us;
  if (troubles_.parted() && now >= part_until_us_) join_parts();
  std::erase_if(cuts_, [&](const Cut& cut) {
    if (now >= cut.until_us) world_.mend(cut.from, cut.to);
    return now >= cut.until_us;
  });
  std::erase_if(walls_, [&](const Wall& wall) {
    if (now >= wall.until_us) open(wall);
    return now >= wall.until_us;
  });
}

void FaultInjector::heal() {
  if (troubles_.parted()) join_parts();
  troubles_.heal(world_.now().us);
  world_.faults = {};
  world_.mend_cuts();
  cuts_.clear();
  for (const Wall& wall : walls_) open(wall);
  walls_.clear();
  for (std::uint32_t i = 0; i < world_.machines(); ++i) world_.set_slow(i, {0});
  for (std::uint32_t i = 0; i < world_.machines(); ++i) {
    const bool stays_off = frozen_[i] || (i >= kAnchors && random_.chance(1, 2));
    if (world_.state(i) == MachineState::Off && !stays_off) world_.start(i, seeds());
  }
}

}  // namespace dart::sim
