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

}  // namespace dart::limits
