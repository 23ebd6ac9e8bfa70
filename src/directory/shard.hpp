#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "directory/message.hpp"

namespace dart::directory {

/// What a member knows of one register.
struct Register {
  Ballot promised;
  Ballot accepted;
  Record record;
};

/// How far a member that does not vote has come in getting what it needs to know.
struct CatchUp {
  struct Source {
    NodeId member;
    bool of_previous = false;  ///< asked as a member of the group before
    bool done = false;
    bool spoke = false;  ///< answered at all, be it that it cannot help
    std::string after = {};
    bool begun = false;
  };
  std::int64_t began_us = 0;
  std::int64_t next_us = 0;
  Ballot fence;
  Ballot highest;  ///< promised by anyone who answered
  std::vector<Source> sources;
  std::map<std::string, Register> gathered;
  bool held_before = false;  ///< this node was a voter of the epoch before
  bool doubted = false;      ///< so says its disk
  bool believes = false;     ///< its disk says that it was a voter of this epoch
};

/// One shard as one node sees it: the newest group that it knows, and, when it is or was a member, the
/// registers.
struct Shard {
  Group group;
  std::uint64_t holds = 0;  ///< the newest epoch whose registers are all here; votes when it is group.epoch
  bool doubted = false;     ///< so says the disk that was found at the start; perhaps an old one
  Ballot fence;             ///< promised for all registers together
  std::map<std::string, Register> registers;
  std::unique_ptr<CatchUp> catch_up;
  std::int64_t sealed_us = 0;  ///< when it accepted a successor, in this life

  [[nodiscard]] bool votes() const { return group.known() && holds == group.epoch && !doubted; }
  /// A member that has accepted a successor takes part in nothing else of the epoch any more.
  [[nodiscard]] bool sealed() const {
    const auto found = registers.find(kSuccessor);
    return found != registers.end() && found->second.record.version == group.epoch + 1;
  }
  [[nodiscard]] Ballot promised(const Register* one) const {
    return one == nullptr ? fence : std::max(fence, one->promised);
  }
  [[nodiscard]] Ballot highest_promise() const {
    Ballot highest = fence;
    for (const auto& [name, one] : registers)
      highest = std::max(highest, std::max(one.promised, one.accepted));
    return highest;
  }
};

}  // namespace dart::directory
