#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "directory/record.hpp"
#include "overlay/node_handle.hpp"

namespace dart::directory {

/// The nodes that hold a shard in one epoch. Which group follows is decided by the members of the one before,
/// as a register of its own (kSuccessor); once that is decided nothing more can be decided in the old epoch.
struct Group {
  std::uint64_t epoch = 0;  ///< 0: none known
  /// Each by any_life_of().
  std::vector<overlay::NodeHandle> members;
  /// Of epoch - 1, empty for the first. Of a reformed group: those that were left.
  std::vector<overlay::NodeHandle> previous;
  /// Somebody gave up the records that only the lost members had (see reform.cpp).
  bool reformed = false;

  friend bool operator==(const Group&, const Group&) = default;

  [[nodiscard]] bool known() const { return epoch != 0; }
  [[nodiscard]] std::size_t majority() const { return members.size() / 2 + 1; }
  /// So many of the other members know, between them, whatever a majority with this one has promised or
  /// decided.
  [[nodiscard]] std::size_t recovery() const { return members.size() - majority() + 1; }
  [[nodiscard]] bool contains(const NodeId& id) const { return holds(members, id); }
  [[nodiscard]] static bool holds(const std::vector<overlay::NodeHandle>& nodes, const NodeId& id) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) { return node.id == id; });
  }
};

/// How a group names a node: any life of it is meant.
[[nodiscard]] inline overlay::NodeHandle any_life_of(overlay::NodeHandle node) {
  node.incarnation = 0;
  node.nonce = 0;
  return node;
}

/// The name of the register that decides which group follows; no record of a client can have it.
inline constexpr const char* kSuccessor = "";

}  // namespace dart::directory
