#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/node_id.hpp"
#include "overlay/coordinate.hpp"
#include "overlay/node_handle.hpp"

namespace dart::overlay {

/// The newest version of the messages that this program speaks. A ring uses the lowest of its members.
inline constexpr std::uint32_t kFeatureLevel = 1;

/// A node as others tell of it: not proof that it lives.
struct Contact {
  NodeHandle node;
  Coordinate coordinate;
};

/// Load and labels of the sender's machine, opaque to the overlay; at most limits::kBadgeBytes.
using Badge = std::string;

/// To an adjacent neighbour, unasked and at a fixed pace. All times are of the clock of whoever wrote them
/// first.
struct Heartbeat {
  std::uint64_t stamp = 0;        ///< the sender's clock
  std::uint64_t echo = 0;         ///< the newest stamp of the receiver that has arrived; 0: none
  std::uint32_t echo_age_us = 0;  ///< how long ago that was
  bool grant = false;             ///< the receiver may answer for its keys until echo + lease
  bool to_right = false;          ///< the receiver is the sender's clockwise neighbour
  std::uint64_t leaf_hash = 0;    ///< of the part of the leaf set that both ends should see alike
  std::uint32_t feature_level = kFeatureLevel;
  Coordinate coordinate;
  Badge badge;
};

/// Asks for a sign of life and measures the way.
struct Probe {
  std::uint64_t stamp = 0;
  bool member = false;  ///< the sender belongs into leaf sets; a joining node that looks around does not yet
  Coordinate coordinate;
};

struct ProbeReply {
  std::uint64_t stamp = 0;  ///< of the Probe
  bool member = false;
  Coordinate coordinate;
  Badge badge;
};

/// "Here I am": of a node that joined, or that others took for dead. Not answered.
struct Announce {
  Coordinate coordinate;
};

/// What a ContactsReply is about, and what a ContactsRequest asks for.
enum class ContactsKind : std::uint8_t {
  Nearby = 1,      ///< close in delay, for a newcomer that looks for a near seed
  Row = 2,         ///< one row of the routing table
  Leaves = 3,      ///< the leaf set
  JoinRows = 4,    ///< rows for a newcomer, from a node on the route of its request
  JoinLeaves = 5,  ///< the leaf set of the root of its id: the end of that route
};

struct ContactsRequest {
  ContactsKind kind = ContactsKind::Nearby;
  std::uint8_t row = 0;  ///< of Row
  std::uint64_t stamp = 0;
  Coordinate coordinate;
};

struct ContactsReply {
  ContactsKind kind = ContactsKind::Nearby;
  std::uint8_t row = 0;
  std::uint64_t stamp = 0;  ///< of the request
  Coordinate coordinate;    ///< of the sender
  std::vector<Contact> contacts;
};

/// Routed to the joiner's own id; every hop sends rows straight to the joiner, the root its leaf set.
struct JoinRequest {
  Contact joiner;
  std::uint8_t hops = 0;
  std::uint8_t next_row = 0;  ///< rows before this one have been sent
};

enum class RefusalReason : std::uint8_t {
  DuplicateId = 1,     ///< another life of this id answers
  OldIncarnation = 2,  ///< the ring has seen a later one: start again above `incarnation`
  NotReady = 3,        ///< not a member itself, or still finding out: ask again later
};

struct JoinRefused {
  RefusalReason reason = RefusalReason::NotReady;
  std::uint32_t incarnation = 0;
};

/// "I do not hear it; do you?" To the suspect itself this is the chance to refute.
struct Suspect {
  NodeHandle suspect;
  bool refused = false;  ///< its host refuses connections
};

enum class Finding : std::uint8_t { Alive = 1, Silent = 2 };

struct Verdict {
  NodeHandle suspect;
  Finding finding = Finding::Alive;
};

/// A death that two nodes agreed on, or one that a graceful leave announced. To the dead node itself: a hint
/// to announce itself again.
struct Obituary {
  NodeHandle dead;
  bool left = false;            ///< it said goodbye itself
  std::vector<Contact> leaves;  ///< neighbours beyond the gap
};

/// Goodbye: the sender answers for no key from here on.
struct Leaving {
  std::vector<Contact> leaves;
};

/// How a routed message travels.
enum class HopMode : std::uint8_t {
  Direct = 0,    ///< straight to the root
  Stepwise = 1,  ///< stops at every hop: Transit up, Resume back
};

/// A message on its way to the root of a key.
struct Routed {
  Key key;
  NodeHandle origin;
  std::uint64_t request = 0;  ///< of the origin; with its id and nonce the name of the message
  std::uint64_t hop = 0;      ///< of the last sender; names this hop to be acknowledged
  std::uint16_t service = 0;  ///< who the payload is for
  HopMode mode = HopMode::Direct;
  bool receipt = false;  ///< the root tells the origin
  std::uint8_t hops = 0;
  std::string payload;
};

struct HopAck {
  std::uint64_t hop = 0;
};

/// From the root to the origin: delivered here.
struct Receipt {
  std::uint64_t request = 0;
  std::uint8_t hops = 0;
};

/// From one node straight to another, for the layers above. May be lost.
struct Direct {
  std::uint16_t service = 0;
  std::string payload;
};

/// `from` is another life than the one a message was meant for, or has been replaced: `current` is the one
/// known here.
struct Stale {
  NodeHandle current;
};

using Message =
    std::variant<Heartbeat, Probe, ProbeReply, Announce, ContactsRequest, ContactsReply, JoinRequest,
                 JoinRefused, Suspect, Verdict, Obituary, Leaving, Routed, HopAck, Receipt, Direct, Stale>;

/// Names of the kinds of Message, by index().
inline constexpr std::string_view kMessageNames[] = {
    "heartbeat", "probe",   "probe_reply", "announce", "contacts_request", "contacts_reply", "join",
    "refused",   "suspect", "verdict",     "obituary", "leaving",          "routed",         "hop_ack",
    "receipt",   "direct",  "stale"};
static_assert(std::size(kMessageNames) == std::variant_size_v<Message>);

/// Whether it carries somebody's data; everything else is upkeep and goes first.
[[nodiscard]] inline bool is_data(const Message& message) {
  return std::holds_alternative<Routed>(message) || std::holds_alternative<Direct>(message);
}

}  // namespace dart::overlay
