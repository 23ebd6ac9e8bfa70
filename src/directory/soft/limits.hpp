#pragma once

#include <cstddef>
#include <cstdint>

namespace dart::directory::soft::limits {

/// Nodes that hold a record: those nearest to its key (PAST's k).
inline constexpr std::size_t kReplicas = 5;
/// Bytes of a name, and of a value.
inline constexpr std::size_t kNameBytes = 255;
inline constexpr std::size_t kValueBytes = 16U << 10;
/// A record lives so long at most; whoever wants it longer writes it again.
inline constexpr std::int64_t kLifetimeUs = 24LL * 3600 * 1'000'000;
/// Records that one node holds, and bytes of their names and values.
inline constexpr std::size_t kRecords = 16'384;
inline constexpr std::size_t kBytes = 64U << 20;
/// Operations of one node's clients, and those that wait for others at a root.
inline constexpr std::size_t kPending = 4096;
/// Requests whose end a root remembers, so that a repeated one is not done twice.
inline constexpr std::size_t kEnded = 1024;
/// Bytes of records in one message between holders (one record more at most), and records in it.
inline constexpr std::size_t kCopyBytes = 32U << 10;
inline constexpr std::size_t kCopies = 256;
/// Records that one step looks after; a core step is short.
inline constexpr std::size_t kLookedAfter = 128;

}  // namespace dart::directory::soft::limits
