#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/chunk.hpp"
#include "plan/table.hpp"

namespace dart::connectors {

/// The text of a delay, written into a row before its value is known: hh:mm:ss.ffffff.
inline constexpr std::string_view kDelayGap = "00:00:00.000000";

/// A format, writing: rows in, bytes out. Columns of the chunk are the table's without delay_column and
/// op_column; the encoder puts those two in their places.
class Encoder {
 public:
  virtual ~Encoder() = default;
  /// What stands before the first row (a header line).
  virtual void begin(std::string& out) = 0;
  /// Appends one row. `op` is '+' or '-', for the op_column. Returns where in `out` kDelayGap stands (npos:
  /// the table has no delay_column); the gap may be overwritten afterwards.
  [[nodiscard]] virtual std::size_t row(const columnar::Chunk& chunk, std::size_t row, char op,
                                        std::string& out) = 0;
};

/// Overwrites a gap with the delay; what is longer than the gap can say is cut to its largest value.
void fill_delay_gap(std::int64_t delay_us, char* gap);

/// The places of delay_column and op_column among chunk_columns.
inline constexpr std::size_t kDelayPlace = SIZE_MAX;
inline constexpr std::size_t kOpPlace = SIZE_MAX - 1;
/// For every table column the chunk column that holds it, or one of the two places above.
[[nodiscard]] std::vector<std::size_t> chunk_columns(const plan::TableDefinition& table);

}  // namespace dart::connectors
