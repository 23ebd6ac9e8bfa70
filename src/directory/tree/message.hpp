#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/node_id.hpp"
#include "directory/tree/combine.hpp"
#include "overlay/coordinate.hpp"
#include "overlay/node_handle.hpp"

namespace dart::directory::tree {

/// The key of a group with this name: its root is the root of the tree.
[[nodiscard]] Key group_key(std::string_view name);
/// The group of all nodes; its counters are those of the whole ring.
inline constexpr std::string_view kRingGroup = "ring:counters";
/// The name of the group of the nodes with this label, "k=v"; each adds a counter with its id as the name.
[[nodiscard]] std::string label_group(std::string_view label);

/// Names one multicast or anycast.
using CastId = NodeId;

/// "Be my parent." Routed to the group's key, stopped by the first node of the tree or made one by it; or
/// straight to a node that a full one named.
struct Join {
  Key group;
  std::uint32_t handed_down = 0;
  overlay::Coordinate coordinate;
};
/// To a newcomer for which there is no place: ask this child.
struct Full {
  Key group;
  std::uint32_t handed_down = 0;
  overlay::NodeHandle ask;
};
/// From a parent to each child, at a fixed pace; the first one is the answer to Join.
struct Beat {
  Key group;
  std::vector<NodeId> path;    ///< from the root to the sender, both included
  std::vector<CastId> recent;  ///< multicasts that the child should have
};
/// From a child to its parent, at a fixed pace.
struct Report {
  Key group;
  std::uint32_t children = 0;
  std::uint64_t members = 0;  ///< in the sender's part of the tree
  std::vector<Partial> partials;
};
/// "I am not your child", and "I am not your parent: join again".
struct Leave {
  Key group;
};
struct Drop {
  Key group;
};

/// Routed to the key, then from parents to children.
struct Multi {
  Key group;
  CastId id;
  std::uint32_t age_ms = 0;  ///< spent at nodes
  std::string payload;
};
/// From a child to its parent: these have not come.
struct Want {
  Key group;
  std::vector<CastId> ids;
};

/// A node on the way of an anycast that it may come back to.
struct Frame {
  overlay::NodeHandle node;
  bool asked = false;           ///< whether it takes it itself
  std::vector<NodeId> visited;  ///< of its children
};
/// An anycast on its way through the tree, depth first. The last frame is the receiver's.
struct Walk {
  Key group;
  CastId id;
  std::uint64_t step = 0;  ///< of the sender: to be acknowledged
  overlay::NodeHandle origin;
  std::string payload;
  std::vector<Frame> frames;  ///< none: not in the tree yet
};
struct WalkAck {
  std::uint64_t step = 0;
};
enum class CastOutcome : std::uint8_t {
  Taken = 1,
  Nobody = 2,      ///< every member was asked, and none took it
  Unanswered = 3,  ///< the tree broke on its way, or time ran out: somebody may have taken it
};
struct WalkEnd {
  CastId id;
  CastOutcome outcome = CastOutcome::Unanswered;
};

/// Routed to the key: what is the whole? Answered straight by the root.
struct Query {
  Key group;
  std::uint64_t question = 0;
};
struct Total {
  std::uint64_t question = 0;
  std::uint64_t members = 0;
  std::vector<Partial> partials;
};

using Message =
    std::variant<Join, Full, Beat, Report, Leave, Drop, Multi, Want, Walk, WalkAck, WalkEnd, Query, Total>;

/// Names of the kinds of Message, by index().
inline constexpr std::string_view kMessageNames[] = {"join",     "full",  "beat", "report", "leave",
                                                     "drop",     "multi", "want", "walk",   "walk_ack",
                                                     "walk_end", "query", "total"};
static_assert(std::size(kMessageNames) == std::variant_size_v<Message>);

}  // namespace dart::directory::tree
