#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "directory/port.hpp"
#include "directory/tree/port.hpp"
#include "placement/load.hpp"
#include "placement/plan_record.hpp"

namespace dart::placement {

/// The overlay service that carries messages about queries.
inline constexpr std::uint16_t kService = 4;

/// Runs whatever is due.
struct Tick {};
/// A payload of kService came straight from a node.
struct Heard {
  overlay::NodeHandle from;
  std::string payload;
};
/// One was delivered here because this node is the root of its key.
struct Reached {
  overlay::NodeHandle origin;
  std::string payload;
};
/// One stops here on its way.
struct Passing {
  overlay::Routed routed;
};
struct Neighbours {};
struct Died {
  overlay::NodeHandle node;
};
struct BadgeShown {
  overlay::NodeHandle node;
  std::string badge;
};
/// What the Directory and the Tree answer.
struct RecordDone {
  std::uint64_t tag = 0;
  directory::Answer answer;
};
struct NamesDone {
  directory::Listed listed;
};
struct CastHeard {
  std::string payload;
};
struct MembersCounted {
  std::uint64_t tag = 0;
  bool known = false;
  std::uint64_t members = 0;
};

// ---- What a driver feeds.

/// Who this node is to queries; once, before it joins, and again when it changes.
struct Identity {
  std::vector<std::string> labels;  ///< "k=v"; "node=NAME" is one of them
  /// Wall clock (microseconds since 1970) less the time that steps are given, for what people read.
  std::int64_t wall_offset_us = 0;
};
/// A local client's request; answered by RequestDone with the same tag. It is repeated until the root of the
/// query's name answers, or patience ends.
enum class RequestKind : std::uint8_t {
  Submit = 1,
  Update = 2,
  Pause = 3,
  Resume = 4,
  Drop = 5,
  Explain = 6
};
struct Request {
  std::uint64_t tag = 0;
  RequestKind kind = RequestKind::Submit;
  std::string name;
  std::optional<QuerySpec> spec;  ///< of Submit, Update and Explain
};
/// The answers of whoever runs instances, to the actions below.
struct Opened {
  Key query;
  std::uint64_t epoch = 0;
  InstanceId instance;
  std::optional<std::string> error;  ///< one line: what, where, what to do
  bool lasting = false;              ///< of an error: trying again elsewhere or later will not help
};
/// All instances that run here under the query's epoch have held still behind the barrier, `instance` among
/// them.
struct BarrierPassed {
  Key query;
  std::uint64_t epoch = 0;
  std::uint64_t barrier = 0;
  InstanceId instance;
};
struct InstanceFailed {
  Key query;
  std::uint64_t epoch = 0;
  InstanceId instance;
  std::string error;
  bool lasting = false;
};
/// All that it reads has ended and all that it made was taken.
struct InstanceFinished {
  Key query;
  std::uint64_t epoch = 0;
  InstanceId instance;
};
/// A link to this host has been broken for a while: a second signal of its death.
struct LinkDown {
  Key query;
  std::uint64_t epoch = 0;
  overlay::NodeHandle peer;
};
/// At a fixed pace, or when it changed much.
struct LoadReport {
  Load load;
};
/// This node is about to leave: what runs here goes elsewhere; answered by Drained.
struct Drain {};

using Input = std::variant<Tick, Heard, Reached, Passing, Neighbours, Died, BadgeShown, RecordDone, NamesDone,
                           CastHeard, MembersCounted, Identity, Request, Opened, BarrierPassed,
                           InstanceFailed, InstanceFinished, LinkDown, LoadReport, Drain>;

// ---- What it wants of other machines.

struct Tell {
  overlay::NodeHandle to;
  std::string payload;
};
struct RouteTo {
  Key key;
  bool stepwise = false;
  std::string payload;
};
struct PassOn {
  overlay::Routed routed;
};
struct ShowBadge {
  std::string badge;
};
struct AskRecord {
  directory::Command command;
};
struct AskNames {
  directory::ListNames list;
};
struct Cast {
  Key group;
  std::string payload;
};
struct CountMembers {
  std::uint64_t tag = 0;
  Key group;
};

// ---- What a driver performs.

struct RequestDone {
  std::uint64_t tag = 0;
  bool ok = false;
  bool changed = false;  ///< false and ok: it was so already
  std::string message;   ///< of a refusal: one line
  std::string hint;
  std::uint64_t epoch = 0;
  std::vector<Placed> placed;      ///< of Explain, and of Submit once it runs
  std::vector<std::string> notes;  ///< of Explain: estimated delay and bytes, edge by edge
  bool unanswered = false;         ///< of a refusal: nobody answered, and it may have been done
};
/// Open this instance (or, when it stands here behind `barrier` of an older epoch of the same run, give it
/// its new links) and say Opened. It runs when Opened; senders wait for receivers by themselves.
struct OpenInstance {
  Key query;
  std::string name;
  std::uint64_t epoch = 0;
  std::uint64_t run = 0;
  InstanceId instance;
  std::string program;
  std::vector<StageShape> stages;
  std::vector<EdgeShape> edges;
  std::vector<Placed> placed;  ///< of the whole query: with the edges, who sends to whom
  /// Not 0: the state is what the instance held behind this barrier of the epoch before.
  std::uint64_t barrier = 0;
  std::uint64_t barrier_epoch = 0;
  overlay::NodeHandle state_at;  ///< where that lies; this node: it is kept
};
/// Nothing of the query under an epoch below this one may run, send or be heard here. With `stop` nothing of
/// `epoch` itself either.
struct Fence {
  Key query;
  std::uint64_t epoch = 0;
  bool stop = false;
};
/// Let this barrier go through the sources that run here; everything holds still behind it, until
/// OpenInstance with a newer epoch, or Fence.
struct StartBarrier {
  Key query;
  std::uint64_t epoch = 0;
  std::uint64_t barrier = 0;
};
/// Holds the sources of the query, or lets them go on.
struct HoldSources {
  Key query;
  std::uint64_t epoch = 0;
  bool hold = false;
};
/// Nothing runs here that others need: leave.
struct Drained {};
/// Something happened to a query that this node schedules; for events.
struct QueryEvent {
  std::string name;
  std::uint64_t epoch = 0;
  QueryState state = QueryState::Placing;
  std::string what;
};

using Action = std::variant<Tell, RouteTo, PassOn, ShowBadge, AskRecord, AskNames, Cast, CountMembers,
                            RequestDone, OpenInstance, Fence, StartBarrier, HoldSources, Drained, QueryEvent>;

}  // namespace dart::placement
