#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "directory/tree/message.hpp"

namespace dart::directory::tree {

struct Child {
  overlay::NodeHandle node;
  overlay::Coordinate coordinate;
  std::int64_t heard_us = 0;
  std::uint32_t children = 0;
  std::uint64_t members = 0;
  std::vector<Partial> partials;
};

/// A multicast that is kept for those who missed it.
struct Recent {
  CastId id;
  std::int64_t born_us = 0;  ///< own clock, way not counted
  std::int64_t came_us = 0;
  std::string payload;
};

/// What one node knows of one group in whose tree it stands: as a member, or because others hang below it.
struct Group {
  bool member = false;
  bool root = false;
  std::int64_t root_since_us = 0;
  std::int64_t member_since_us = 0;
  overlay::NodeHandle parent;  ///< zero id: none
  std::int64_t parent_heard_us = 0;
  std::int64_t attach_due_us = INT64_MAX;  ///< when to look for a parent again
  std::int64_t attach_wait_us = 0;
  std::vector<NodeId> path;  ///< from the root to the parent, both included; as the parent says
  std::vector<Child> children;
  std::deque<Recent> recent;  ///< oldest first
  std::size_t recent_bytes = 0;
  std::vector<CastId> seen;  ///< a ring buffer
  std::size_t next_seen = 0;
  std::vector<Partial> own;  ///< the values of this member

  [[nodiscard]] bool has_parent() const { return !parent.id.is_zero(); }
  [[nodiscard]] Child* child(const NodeId& id) {
    for (Child& one : children) {
      if (one.node.id == id) return &one;
    }
    return nullptr;
  }
  [[nodiscard]] bool has_seen(const CastId& id) const {
    for (const CastId& one : seen) {
      if (one == id) return true;
    }
    return false;
  }
  [[nodiscard]] bool is_below(const NodeId& id) const {
    for (const NodeId& one : path) {
      if (one == id) return true;
    }
    return parent.id == id;
  }
  [[nodiscard]] std::uint64_t members() const {
    std::uint64_t sum = member ? 1 : 0;
    for (const Child& one : children) sum += one.members;
    return sum;
  }
};

}  // namespace dart::directory::tree
