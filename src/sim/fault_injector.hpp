#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "sim/chaos.hpp"
#include "sim/trouble_log.hpp"
#include "sim/world.hpp"

namespace dart::sim {

/// Does the faults of a random run to a world, ends those that last a while, and writes down whom they
/// excuse.
class FaultInjector {
 public:
  /// `scale`: times of the profile in units of the default one; lengths of faults follow it.
  FaultInjector(World& world, TroubleLog& troubles, Random random, std::int64_t scale);

  /// False when it would make no sense at this moment; then nothing has happened.
  bool inject(Fault fault);
  /// Ends what is over by now.
  void end_due();
  /// Ends everything, and starts some of the machines that are off.
  void heal();
  /// Machines to join through: a few at random, in a small ring all.
  [[nodiscard]] std::vector<std::uint32_t> seeds();
  /// A machine of its own with the id and the disk of `one`, started at once.
  std::uint32_t start_copy_of(std::uint32_t one);

  /// Lets the network fall into parts; one in so many machines is not in the first.
  void part_now(std::uint32_t parts, std::uint32_t one_in);
  void join_parts();

  [[nodiscard]] Random& random() { return random_; }
  /// Out of the other games: of two copies one ends the other.
  [[nodiscard]] bool frozen(std::uint32_t machine) const { return frozen_[machine]; }
  /// Asked before a machine that is off gets an empty or an older disk; none: any may.
  std::function<bool(std::uint32_t)> may_lose_disk;
  /// A machine behind a firewall now, whose keys are worth a look; UINT32_MAX: none.
  [[nodiscard]] std::uint32_t walled() const { return walls_.empty() ? UINT32_MAX : walls_.back().inside; }

 private:
  struct Cut {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::int64_t until_us = 0;
  };
  struct Wall {
    std::uint32_t inside = 0;
    std::vector<std::uint32_t> outside;
    std::int64_t until_us = 0;
  };

  std::uint32_t pick() { return static_cast<std::uint32_t>(random_.below(world_.machines())); }
  /// Uniform between two times of the default profile.
  std::int64_t length(std::int64_t from_us, std::int64_t to_us);
  [[nodiscard]] bool up(std::uint32_t machine) const { return world_.state(machine) == MachineState::Up; }
  [[nodiscard]] std::uint32_t count_up() const;
  bool stop(std::uint32_t one, Fault fault);
  bool restart(std::uint32_t one, Fault fault);
  bool start_clone(std::uint32_t one);
  bool pause(std::uint32_t one, std::int64_t length_us);
  bool cut(std::uint32_t one);
  bool wall(std::uint32_t one);
  bool part();
  void open(const Wall& wall);
  bool replay_past(std::uint32_t one);
  void weather();

  World& world_;
  TroubleLog& troubles_;
  Random random_;
  std::int64_t scale_;
  std::vector<std::vector<Disk>> old_disks_;
  std::vector<bool> frozen_;
  std::vector<Cut> cuts_;
  std::vector<Wall> walls_;
  std::int64_t part_until_us_ = 0;
  bool cloned_ = false;
};

}  // namespace dart::sim
