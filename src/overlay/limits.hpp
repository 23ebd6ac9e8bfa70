#pragma once

#include <cstddef>
#include <cstdint>

namespace dart::overlay::limits {

/// Leaf set: this many neighbours on each side.
inline constexpr std::size_t kLeafSide = 12;
/// Endpoints by which one node can be reached, in order of preference.
inline constexpr std::size_t kEndpoints = 2;
/// Bytes of a badge: load and labels of a machine, opaque here.
inline constexpr std::size_t kBadgeBytes = 64;
/// Contacts in one message at most; a larger list is refused.
inline constexpr std::size_t kContacts = 64;
/// Bytes of the payload of a routed or direct message.
inline constexpr std::size_t kPayloadBytes = 96U << 10;
/// Bytes of one encoded message, whatever its kind.
inline constexpr std::size_t kMessageBytes = kPayloadBytes + 4096;
/// Hops of one routed message; beyond it is dropped and counted.
inline constexpr unsigned kHops = 40;
/// Peers that one node knows at most.
inline constexpr std::size_t kPeers = 1024;
/// Routed messages waiting for the acknowledgement of the next hop.
inline constexpr std::size_t kPendingHops = 4096;
/// Own requests waiting for a receipt.
inline constexpr std::size_t kRequests = 4096;
/// Messages that a root keeps until it holds its leases.
inline constexpr std::size_t kHeld = 256;
/// Nodes that were declared dead and may only be a partition away.
inline constexpr std::size_t kLost = 48;
/// Peers that a node asks its driver to keep on disk.
inline constexpr std::size_t kRemembered = 64;
/// Suspicions, own or on behalf of others, at one time.
inline constexpr std::size_t kSuspicions = 64;
/// Requests remembered by a root so that a repeated one is not delivered twice.
inline constexpr std::size_t kDelivered = 64;

}  // namespace dart::overlay::limits
