#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "directory/tree/message.hpp"
#include "overlay/message.hpp"

namespace dart::directory::tree {

/// The overlay service that carries messages of trees.
inline constexpr std::uint16_t kService = 2;

/// Runs whatever is due.
struct Tick {};
/// A payload of kService came straight from a node.
struct Heard {
  overlay::NodeHandle from;
  std::string payload;
};
/// A message of kService was delivered here because this node is the root of its key.
struct Reached {
  overlay::Routed routed;
};
/// One stops here on its way.
struct Passing {
  overlay::Routed routed;
};
/// What became of a RouteTo with a receipt.
struct Arrived {
  std::uint64_t request = 0;
  bool ok = false;
};
/// The ring says that a node is dead.
struct Died {
  overlay::NodeHandle node;
};

/// Be a member of a group; stop being one. Both may be said again.
struct EnterGroup {
  Key group;
};
struct LeaveGroup {
  Key group;
};
/// To all members; answered by Published with the same tag. The sender need not be a member.
struct Multicast {
  std::uint64_t tag = 0;
  Key group;
  std::string payload;
};
/// To one member that takes it; answered by CastEnded with the same tag.
struct Anycast {
  std::uint64_t tag = 0;
  Key group;
  std::string payload;
};
/// The answer to an Offered.
struct AnswerOffer {
  std::uint64_t ticket = 0;
  bool takes = false;
};
/// This member's value under one way of combining; no value takes it back. Without effect on nodes that are
/// no members.
struct SetValue {
  Key group;
  Combine combine = Combine::Sum;
  std::optional<Value> value;
};
/// What are the members' values together? Answered by Totalled with the same tag.
struct AskTotal {
  std::uint64_t tag = 0;
  Key group;
};

using Input = std::variant<Tick, Heard, Reached, Passing, Arrived, Died, EnterGroup, LeaveGroup, Multicast,
                           Anycast, AnswerOffer, SetValue, AskTotal>;

/// For the overlay.
struct Tell {
  overlay::NodeHandle to;
  std::string payload;
};
struct RouteTo {
  Key key;
  std::uint64_t request = 0;
  overlay::HopMode mode = overlay::HopMode::Direct;
  bool receipt = false;
  std::string payload;
};
struct PassOn {
  overlay::Routed routed;
};

/// A multicast for this member; each comes at most once.
struct Delivered {
  Key group;
  CastId id;
  std::string payload;
};
/// Whether the root of the group has a multicast. If so, each member that hangs in the root's tree within
/// Config::keep gets it; if not, some may.
struct Published {
  std::uint64_t tag = 0;
  bool ok = false;
};
/// Does this member take the anycast? Say so by AnswerOffer.
struct Offered {
  std::uint64_t ticket = 0;
  Key group;
  CastId id;
  std::string payload;
};
/// An AnswerOffer came too late: somebody else has been asked since.
struct OfferGone {
  std::uint64_t ticket = 0;
};
struct CastEnded {
  std::uint64_t tag = 0;
  CastOutcome outcome = CastOutcome::Unanswered;
  NodeId by;  ///< of Taken
};
struct Totalled {
  std::uint64_t tag = 0;
  bool known = false;  ///< false: no root answered in time
  std::uint64_t members = 0;
  std::vector<Partial> partials;
};

using Action =
    std::variant<Tell, RouteTo, PassOn, Delivered, Published, Offered, OfferGone, CastEnded, Totalled>;

}  // namespace dart::directory::tree
