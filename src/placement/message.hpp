#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "placement/policy.hpp"
#include "placement/port.hpp"

namespace dart::placement {

/// Names one request of one client.
using RequestName = NodeId;

/// A client's request, routed to the key of the query's name; it may come again. The answer goes straight
/// back.
struct Ask {
  RequestName request;
  RequestKind kind = RequestKind::Submit;
  std::string name;
  std::optional<QuerySpec> spec;
};
struct Answered {
  RequestName request;
  bool ok = false;
  bool changed = false;
  std::uint64_t epoch = 0;
  std::string message;
  std::string hint;
  std::vector<Placed> placed;
  std::vector<std::string> notes;
};

/// "Whoever has readers for this: send a JOIN." To the members of a label's group, or straight to a node.
struct Attract {
  std::string name;
  std::uint64_t round = 0;  ///< of the scheduler
  std::uint32_t stage = 0;
  std::string label;  ///< empty: the receiver is meant
};
/// One reader's JOIN: routed step by step towards the query's key, each node on the way writes itself down
/// (DART §3; Scribe's JOIN).
struct Join {
  std::string name;
  std::uint64_t round = 0;
  std::uint32_t stage = 0;
  std::vector<Hop> hops;
};
/// A node with this label came up: it may have a reader for the query.
struct Hello {
  std::string name;
};

/// "Will you take these?" A host answers by its load of that moment.
struct Reserve {
  std::string name;
  std::uint64_t round = 0;
  std::vector<InstanceId> instances;
  /// Refuse when more than so many would run there (readers not counted); 0: the host's own limit alone
  /// counts.
  std::uint32_t most = 0;
};
struct Reserved {
  std::string name;
  std::uint64_t round = 0;
  std::vector<InstanceId> instances;
  bool taken = false;
  Load load;
};

/// Everything that the receiver runs of a query from this epoch on; what it does not name must stop.
struct Deploy {
  QuerySpec spec;  ///< without its text
  std::uint64_t epoch = 0;
  std::uint64_t run = 0;
  std::vector<Placed> placed;  ///< of the whole query
  std::uint64_t version = 0;   ///< of the record
  bool held = false;           ///< the query is paused: sources wait
  std::uint64_t barrier = 0;
  std::uint64_t barrier_epoch = 0;
  std::vector<Placed> state;  ///< with a barrier: where each instance held still
};
struct Deployed {
  std::string name;
  std::uint64_t epoch = 0;
  InstanceId instance;
  std::string error;  ///< empty: it runs
  bool lasting = false;
};
/// The query is over here: as Fence.
struct Stop {
  std::string name;
  std::uint64_t epoch = 0;
};
struct Hold {
  std::string name;
  std::uint64_t epoch = 0;
  std::uint64_t version = 0;  ///< of the record: an older one comes from a scheduler that has been replaced
  bool hold = false;
};
struct Barrier {
  std::string name;
  std::uint64_t epoch = 0;
  std::uint64_t version = 0;
  std::uint64_t barrier = 0;
};
struct BarrierReached {
  std::string name;
  std::uint64_t epoch = 0;
  std::uint64_t barrier = 0;
  InstanceId instance;
};
/// From a host, unasked.
struct Ended {
  std::string name;
  std::uint64_t epoch = 0;
  InstanceId instance;
  std::string error;  ///< empty: it has finished
  bool lasting = false;
};
/// A host hears nothing from the host of an instance it has a link to.
struct PeerLost {
  std::string name;
  std::uint64_t epoch = 0;
  overlay::NodeHandle peer;
};
/// A host is about to leave.
struct Leaving {
  std::vector<std::string> names;
};

struct NameEpoch {
  std::string name;
  std::uint64_t epoch = 0;
};
/// From a host to a scheduler, at a fixed pace: this is what I run for you.
struct RollCall {
  std::uint64_t round = 0;
  std::vector<NameEpoch> runs;
};
/// The answer: these are not mine, these are of an older epoch (a Stop or a Deploy comes as well).
struct RollAnswer {
  std::uint64_t round = 0;
  std::vector<std::string> not_mine;
};
/// Are you there? Answered by a RollAnswer with the same round.
struct Probe {
  std::uint64_t round = 0;
};

/// From a host or a scheduler to its neighbours: should I die, tell the roots of these queries' keys.
struct Watch {
  bool whole = false;  ///< this is the whole list; else names to add
  std::vector<std::string> names;
  std::vector<std::string> gone;  ///< names to take out
};
/// Routed to the key of a query: this node died (with a zero id: nobody did, but somebody has to schedule
/// it).
struct HostDied {
  std::string name;
  overlay::NodeHandle host;
};

using Message = std::variant<Ask, Answered, Attract, Join, Hello, Reserve, Reserved, Deploy, Deployed, Stop,
                             Hold, Barrier, BarrierReached, Ended, PeerLost, Leaving, RollCall, RollAnswer,
                             Probe, Watch, HostDied>;

/// Names of the kinds of Message, by index().
inline constexpr std::string_view kMessageNames[] = {
    "ask",       "answered", "attract",   "join",        "hello",   "reserve", "reserved",
    "deploy",    "deployed", "stop",      "hold",        "barrier", "reached", "ended",
    "peer_lost", "leaving",  "roll_call", "roll_answer", "probe",   "watch",   "host_died"};
static_assert(std::size(kMessageNames) == std::variant_size_v<Message>);

}  // namespace dart::placement
