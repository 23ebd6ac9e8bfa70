#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "overlay/message.hpp"

namespace dart::overlay {

/// Put `message` into an Envelope and send it; upkeep before data. Failure comes back as Unreachable, or not
/// at all.
struct Send {
  NodeHandle to;
  Message message;
};

/// This node is the root of the message's key and holds its leases.
struct Deliver {
  Routed routed;
};

/// A stepwise message stops here on its way to `next`; Resume lets it go on.
struct Transit {
  Routed routed;
  NodeHandle next;
};

/// The root has delivered the request.
struct Delivered {
  std::uint64_t request = 0;
  NodeHandle root;
  std::uint8_t hops = 0;
};

/// No receipt within the patience of the profile; whether it was delivered is unknown.
struct RouteFailed {
  std::uint64_t request = 0;
};

struct DeliverDirect {
  NodeHandle from;
  std::uint16_t service = 0;
  std::string payload;
};

/// The leaf set changed; read it from view() or neighbours().
struct NeighboursChanged {};

/// Member of the ring, leases held, for the first time.
struct Joined {};

/// A member of the leaf set shows another badge than the last that was seen of it, or its first.
struct BadgeChanged {
  NodeHandle node;
  Badge badge;
};

enum class JoinFailure : std::uint8_t { DuplicateId = 1, Unanswered = 2 };

/// The join ended; a driver may try again after a while (never after DuplicateId).
struct JoinFailed {
  JoinFailure reason = JoinFailure::Unanswered;
};

/// Keep this on disk for the next start: the incarnation to go above, and peers to look for.
struct Remember {
  std::uint32_t incarnation = 0;
  /// The ring had seen a higher incarnation than the disk (an older one was put back): what else is on that
  /// disk is out of date too.
  bool disk_was_old = false;
  std::vector<NodeHandle> peers;
};

/// Another life of this id owns the ring's trust: this process must stop.
struct SteppedDown {};

/// Two nodes agreed that it died, or it said goodbye.
struct Died {
  NodeHandle node;
};

using Action = std::variant<Send, Deliver, Transit, Delivered, RouteFailed, DeliverDirect, NeighboursChanged,
                            BadgeChanged, Joined, JoinFailed, Remember, SteppedDown, Died>;

}  // namespace dart::overlay
