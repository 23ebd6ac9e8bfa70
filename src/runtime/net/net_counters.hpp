#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dart::runtime {

/// Why a frame that should have been sent was not, or was not handed on.
enum class Drop : std::uint8_t {
  UpkeepQueueFull,
  ControlQueueFull,
  DataQueueFull,
  Unreachable,   ///< waited for a connection that could not be made
  Backoff,       ///< the peer could not be reached a moment ago
  TooManyPeers,  ///< as many peers as a host may have, all in use
  TooLong,       ///< longer than a frame may be
  NoSuchNode,    ///< came for a node that does not live here
  NodeIndex,     ///< came from an index beyond the limit of the sender's certificate
  Malformed,     ///< a well-formed frame with a payload that cannot be
  UnknownType,   ///< a frame type of a newer level
  Count,
};

/// Why a connection was closed by this side.
enum class Refusal : std::uint8_t {
  Unauthenticated,  ///< TLS did not prove a member of the cluster
  HandshakeTimeout,
  HalfOpenEvicted,  ///< too many unproven connections: the oldest made room
  Malformed,
  Oversized,
  Version,
  WrongRing,
  NoRing,
  FeatureLevel,
  Identity,
  Replayed,
  TooManyPeers,
  Count,
};

struct NetCounters {
  std::uint64_t frames_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::uint64_t socket_bytes_sent = 0;  ///< handed to the kernel, encryption included
  std::uint64_t socket_bytes_received = 0;
  std::uint64_t writes = 0;
  std::uint64_t dialled = 0;
  std::uint64_t dial_failures = 0;
  std::uint64_t accepted = 0;
  std::uint64_t accept_failures = 0;  ///< no descriptor left, mostly
  std::uint64_t lost = 0;             ///< connections that ended without a goodbye
  std::uint64_t refused_by_peer = 0;
  std::uint64_t tie_breaks = 0;  ///< both sides connected at once, one connection was given up
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::Count)> dropped{};
  std::array<std::uint64_t, static_cast<std::size_t>(Refusal::Count)> refused{};

  void drop(Drop reason, std::uint64_t times = 1) { dropped[static_cast<std::size_t>(reason)] += times; }
  void refuse(Refusal reason) { ++refused[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t of(Drop reason) const { return dropped[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t of(Refusal reason) const { return refused[static_cast<std::size_t>(reason)]; }
  void add(const NetCounters& other);
};

/// As metrics and JSON write them: "upkeep_queue_full".
[[nodiscard]] const char* name_of(Drop reason);
[[nodiscard]] const char* name_of(Refusal reason);

}  // namespace dart::runtime
