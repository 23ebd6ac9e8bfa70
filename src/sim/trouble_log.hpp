#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/world.hpp"

namespace dart::sim {

/// What the faults of a run did to whom, and until when: what a node could not help. Written by whoever
/// injects faults, read by checkers; the nodes cannot see it. Times are virtual microseconds.
class TroubleLog {
 public:
  /// The machine cannot answer before `until_us`.
  void machine(std::uint32_t machine, std::int64_t until_us);
  /// Messages between two machines are lost in at least one direction until then.
  void link(std::uint32_t a, std::uint32_t b, std::int64_t until_us);
  /// The network is in parts: `groups` of the machines, by number; different ones cannot talk.
  void part(std::vector<std::uint32_t> groups) {
    parted_ = true;
    partitions_.push_back({std::move(groups), INT64_MAX});
  }
  void merge(std::int64_t now_us) {
    parted_ = false;
    partitions_.back().until_us = now_us;
  }
  /// Whatever is between machines ends now at the latest.
  void heal(std::int64_t now_us);

  [[nodiscard]] bool parted() const { return parted_; }
  [[nodiscard]] bool merged_since(std::int64_t us) const;
  /// Whether two machines were in different parts of a partition that is there or ended after `us`.
  [[nodiscard]] bool apart_since(std::uint32_t a, std::uint32_t b, std::int64_t us) const;
  [[nodiscard]] bool machine_since(std::uint32_t machine, std::int64_t us) const;
  /// Others that could not hear the machine, or not be heard by it.
  [[nodiscard]] std::size_t links_since(std::uint32_t machine, std::int64_t us) const;

 private:
  struct Partition {
    std::vector<std::uint32_t> groups;
    std::int64_t until_us = 0;
  };

  std::vector<std::int64_t> machines_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> links_;
  std::vector<Partition> partitions_;
  bool parted_ = false;
};

/// Property: a node that runs, and that all but one of its neighbours can talk to, is not taken for dead;
/// where there are only two nodes left, one that the other can talk to. Deaths of live nodes that had such an
/// excuse are counted.
class DeathChecker {
 public:
  /// A trouble excuses for `grace_us` after its end.
  explicit DeathChecker(std::int64_t grace_us) : grace_us_(grace_us) {}

  /// `by` has buried `dead`. Empty when that is right or excused, otherwise what is wrong.
  [[nodiscard]] std::string on_died(const World& world, const TroubleLog& troubles, std::uint32_t by,
                                    const overlay::NodeHandle& dead);
  [[nodiscard]] std::uint64_t excused() const { return excused_; }

 private:
  [[nodiscard]] bool has_excuse(const World& world, const TroubleLog& troubles, std::uint32_t by,
                                std::uint32_t dead) const;

  std::int64_t grace_us_;
  std::uint64_t excused_ = 0;
};

}  // namespace dart::sim
