#pragma once

#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "columnar/chunk.hpp"
#include "engine/operator.hpp"

/// Pieces of snapshots: what operators and readers hold, as bytes, and back. Reading checks everything that
/// running on relies on, since the bytes may come from another host.
namespace dart::engine {

/// The first `columns` columns of a chunk, with its weights and steps.
void write_chunk(const Chunk& chunk, std::size_t columns, ByteWriter& out);
[[nodiscard]] Result<Chunk> read_chunk(std::span<const columnar::LogicalType> types, ByteReader& in);

void write_progress(const Progress& progress, ByteWriter& out);
[[nodiscard]] Result<Progress> read_progress(ByteReader& in);

[[nodiscard]] Result<bool> read_flag(ByteReader& in);
/// Of one row, of either sign.
inline constexpr std::int64_t kLargestWeight = std::int64_t{1} << 30;
/// Steps, and times of progress, from elsewhere, of either sign: the difference of two does not overflow.
inline constexpr std::int64_t kLargestStep = std::int64_t{1} << 61;
/// A row's weight: two of them multiplied, and sums of many such products, do not overflow.
[[nodiscard]] Result<std::int64_t> read_weight(ByteReader& in);
/// A count of rows, or the sum of their weights, that many more can be added to.
[[nodiscard]] Result<std::int64_t> read_total(ByteReader& in);

}  // namespace dart::engine
