#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "columnar/chunk.hpp"
#include "connectors/row_error_log.hpp"
#include "plan/table.hpp"

namespace dart::connectors {

/// Bytes that may be read behind the end of what a decoder is fed; they hold anything.
inline constexpr std::size_t kDecoderPadding = 64;

/// A piece of input in memory. Strings of rows may point into it; they keep `owner`.
struct InputBlock {
  std::shared_ptr<const char[]> owner;
  const char* bytes = nullptr;
  std::size_t size = 0;
  bool last = false;  ///< nothing comes after it
};

/// Rows being made: a writable vector for each requested column, reset with enough room, filled up to `rows`.
struct RowBatch {
  columnar::Chunk& out;
  std::size_t rows = 0;
  std::int64_t* steps = nullptr;  ///< null: nobody wants them
  std::int64_t next_seq = 1;      ///< _seq of the next record
};

/// A format, reading: bytes in, typed columns out. Fed with blocks that begin where `left_over` of the last
/// one began; the result does not depend on where the input was cut.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Only when `decode` has returned 0 for the block before.
  virtual void feed(const InputBlock& block) = 0;
  /// Takes at most `max_records` whole records of the block; good ones are appended to the batch, bad ones go
  /// to the log. Returns how many it took, each with a _seq of its own; 0 when no whole record is left.
  [[nodiscard]] virtual std::size_t decode(std::size_t max_records, RowBatch& batch, RowErrorLog& errors) = 0;
  /// Bytes at the end of the block that belong to a record not yet whole.
  [[nodiscard]] virtual std::size_t left_over() const = 0;
};

/// What a decoder has to know of the table.
struct DecodeRequest {
  const plan::TableDefinition* table = nullptr;  ///< outlives the decoder
  std::vector<std::uint32_t> columns;            ///< table columns, in the order of the batch's vectors
};

}  // namespace dart::connectors
