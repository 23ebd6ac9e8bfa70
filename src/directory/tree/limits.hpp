#pragma once

#include <cstddef>
#include <cstdint>

namespace dart::directory::tree::limits {

/// Children of one node in one group; further ones are handed down to them.
inline constexpr std::size_t kFanOut = 32;
/// How often one newcomer is handed down.
inline constexpr std::uint32_t kHandedDown = 16;
/// Groups in which one node has a part.
inline constexpr std::size_t kGroups = 1024;
/// Nodes between a root and any node of its tree.
inline constexpr std::size_t kPath = 32;
/// Bytes of a multicast's or an anycast's payload.
inline constexpr std::size_t kPayloadBytes = 32U << 10;
/// Multicasts of one group that a node keeps for those who missed them, and their bytes.
inline constexpr std::size_t kRecent = 64;
inline constexpr std::size_t kRecentBytes = 256U << 10;
/// Multicasts of one group that a node remembers to have had.
inline constexpr std::size_t kSeen = 512;
/// Named counters in one value, and bytes of a name.
inline constexpr std::size_t kCounters = 256;
inline constexpr std::size_t kCounterName = 64;
/// Anycasts that a node holds: offered to itself, or on their way to the next node.
inline constexpr std::size_t kWalks = 256;
/// Nodes on the way of an anycast that it may come back to; of each the children that have been asked.
inline constexpr std::size_t kFrames = kPath + 4;
inline constexpr std::size_t kVisited = 2 * kFanOut;
/// Steps of anycasts that a node remembers to have been given.
inline constexpr std::size_t kGiven = 64;
/// Questions, anycasts and multicasts of one node's own that have not ended.
inline constexpr std::size_t kAsked = 256;

}  // namespace dart::directory::tree::limits
