#pragma once

#include <cstddef>
#include <cstdint>

namespace dart::limits {

/// Rows of one chunk at most, and the default of --chunk-rows.
inline constexpr std::size_t kChunkRows = 2048;
/// A chunk leaves its source at the latest when its first row is this old.
inline constexpr std::int64_t kChunkLingerUs = 50;
/// Bytes of one input record (a CSV line, a JSON line) at most; a longer one is a row error.
inline constexpr std::size_t kRecordBytes = 1U << 20;
/// Bytes of one SQL script at most.
inline constexpr std::size_t kSqlBytes = 1U << 20;
/// Depth of nested expressions, sub-queries and JSON at most.
inline constexpr std::size_t kNesting = 200;
/// Columns of one relation at most.
inline constexpr std::size_t kColumns = 1600;
/// Nodes of one plan at most.
inline constexpr std::size_t kPlanNodes = 10000;
/// Rows and bytes waiting in one queue between two instances before the producer has to wait.
inline constexpr std::size_t kQueueRows = 4 * kChunkRows;
inline constexpr std::size_t kQueueBytes = 64U << 20;
/// Rows that an instance handles in one turn, before its worker looks who needs it most.
inline constexpr std::size_t kTurnRows = 8 * kChunkRows;
/// Worker threads of one process at most.
inline constexpr std::size_t kWorkers = 256;

/// Payload bytes of one frame between hosts at most; an overlay message is far below, a chunk of rows is not.
inline constexpr std::size_t kFrameBytes = 1U << 20;
/// Payload bytes of a frame from a peer that has not proven who it is.
inline constexpr std::size_t kHelloBytes = 1024;
/// Characters of an endpoint, "address:port", at most.
inline constexpr std::size_t kEndpointBytes = 280;
/// Nodes on one host (one key, one certificate) at most.
inline constexpr std::size_t kHostNodes = 1U << 20;
/// Connections that have not proven who they are at most; the oldest makes room for the next.
inline constexpr std::size_t kUnprovenPeers = 64;
/// Other hosts that one host is connected to at most.
inline constexpr std::size_t kPeers = 4096;
/// Bytes that wait for one peer on one channel before frames are dropped: upkeep, control, data.
inline constexpr std::size_t kUpkeepQueueBytes = 4U << 20;
inline constexpr std::size_t kControlQueueBytes = 4U << 20;
inline constexpr std::size_t kDataQueueBytes = 8U << 20;
/// Bytes of data and control that one write takes at most, so that upkeep never waits long behind them.
inline constexpr std::size_t kWriteBytes = 64U << 10;
/// Links of one query at one node whose refused frames are counted one by one.
inline constexpr std::size_t kQueryLinks = 1024;
/// Peers kept on disk to find the ring again after a loss of power.
inline constexpr std::size_t kKeptPeers = 64;

}  // namespace dart::limits
