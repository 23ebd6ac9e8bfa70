#pragma once

#include <cstddef>

#include "base/bytes.hpp"
#include "columnar/chunk.hpp"
#include "engine/exchange/message_bytes.hpp"

namespace dart::engine::exchange {

/// Rows of one chunk on the wire at most; where there are no columns, bytes do not bound them.
inline constexpr std::size_t kMostChunkRows = 1U << 16;

/// The rows of a chunk, column by column, as blocks that are copied whole; at least one row, at most
/// kMostChunkRows.
void write_columns(const columnar::Chunk& chunk, const RowLayout& layout, ByteWriter& out);
/// Checks all that operators rely on: the size of every block, flags, weights, steps that do not fall.
[[nodiscard]] Result<columnar::Chunk> read_columns(const RowLayout& layout, ByteReader& in);

}  // namespace dart::engine::exchange
