#pragma once

#include <cstddef>
#include <cstdint>

namespace dart::directory::limits {

/// The circle of keys is cut into this many equal shards; each has one group. Fixed for the life of a ring.
inline constexpr std::size_t kShards = 64;
/// Nodes that hold a shard, once the ring has that many.
inline constexpr std::size_t kGroup = 5;
/// A member that is no longer among so many nearest nodes of its shard's centre is replaced.
inline constexpr std::size_t kNear = 8;
/// Bytes of a name, and of the value of a record.
inline constexpr std::size_t kNameBytes = 255;
inline constexpr std::size_t kValueBytes = 64U << 10;
/// Names that one shard holds at most, tombstones included.
inline constexpr std::size_t kRecordsPerShard = 4096;
/// The last requests that a record remembers to have applied, so that a repeated one is recognised.
inline constexpr std::size_t kApplied = 16;
/// Names on which one node coordinates operations at a time, and operations of its own clients.
inline constexpr std::size_t kOperations = 4096;
/// Operations that wait for their turn on one name.
inline constexpr std::size_t kQueue = 256;
/// Answers that a coordinator remembers for repeated requests.
inline constexpr std::size_t kAnswers = 1024;
/// Names whose next ballot a coordinator keeps, so that a change takes one round instead of two.
inline constexpr std::size_t kPrepared = 1024;
/// Nodes of which a node remembers where they were last.
inline constexpr std::size_t kHeard = 512;
/// Watches that one coordinator serves.
inline constexpr std::size_t kWatches = 4096;
/// Names that one list gives at most, and lists that one node makes, or coordinates a shard of, at a time.
inline constexpr std::uint32_t kListed = 10'000;
inline constexpr std::size_t kLists = 16;
inline constexpr std::size_t kSweeps = 256;
/// Bytes of names in one piece of a list (one name more at most).
inline constexpr std::size_t kListBytes = 16U << 10;
/// Bytes of records in one piece of a transfer between members (one record more at most).
inline constexpr std::size_t kTransferBytes = 16U << 10;

}  // namespace dart::directory::limits
