#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "overlay/message.hpp"

namespace dart::overlay {

/// A decoded message; the transport has proved that it comes from `from.id`, nothing else about it is
/// trusted.
struct Received {
  NodeHandle from;
  /// The life it was meant for; 0 when the sender did not know.
  std::uint64_t to_nonce = 0;
  Message message;
};

/// The transport gave up on a peer.
struct Unreachable {
  NodeHandle peer;
  /// Its host answered, and refused: the process is gone. False: silence.
  bool refused = false;
};

/// Runs whatever is due; what to feed when next_deadline() has come.
struct Tick {};

/// The first node of a new ring, or of an old one of which nobody answers: `remembered` are its members as
/// last known, called from time to time. Local commands from here on.
struct Bootstrap {
  std::vector<NodeHandle> remembered;
};

/// Join through any of these; seeds may have a zero id (only the endpoint is known).
struct Join {
  std::vector<NodeHandle> seeds;
};

/// Say goodbye and stop.
struct Leave {};

/// Send towards the root of a key. With `receipt` it is repeated until the root's receipt comes or patience
/// ends, and may then be delivered more than once.
struct Route {
  Key key;
  std::uint64_t request = 0;
  std::uint16_t service = 0;
  HopMode mode = HopMode::Direct;
  bool receipt = false;
  std::string payload;
};

/// A layer above saw a message in transit, perhaps changed it: carry on.
struct Resume {
  Routed routed;
};

/// Straight to one node.
struct SendDirect {
  NodeHandle to;
  std::uint16_t service = 0;
  std::string payload;
};

/// What this node's heartbeats and answers carry from now on. One of more than limits::kBadgeBytes is refused
/// and counted (dropped_full): the one before stays.
struct SetBadge {
  Badge badge;
};

using Input =
    std::variant<Tick, Received, Unreachable, Bootstrap, Join, Leave, Route, Resume, SendDirect, SetBadge>;

}  // namespace dart::overlay
