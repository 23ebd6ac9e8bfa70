#pragma once

#include <cstdint>
#include <memory>

#include "columnar/chunk.hpp"
#include "engine/aggregate_states.hpp"
#include "plan/plan.hpp"

namespace dart::engine {

/// One call of an Over node, with its state by partition. Rows come in order; `groups[r]` is the partition of
/// row r of the chunk.
class OverFunction {
 public:
  virtual ~OverFunction() = default;
  /// Answers rows [begin, end) into `out` (reset to the result type, as long as the chunk). With a Range
  /// frame the rows are one whole peer group each call; with a Rows frame any run of rows.
  virtual void answer(const columnar::Chunk& chunk, const std::uint32_t* groups, std::size_t begin,
                      std::size_t end, columnar::Vector& out) = 0;
  /// Partitions below this exist.
  virtual void grow(std::size_t partitions) = 0;
  [[nodiscard]] virtual columnar::LogicalType result() const = 0;
  [[nodiscard]] virtual std::size_t bytes() const = 0;
  /// The state of the first `partitions` partitions, which are all there are, and back into a fresh one that
  /// has grown to them.
  virtual void write(std::size_t partitions, ByteWriter& out) const = 0;
  [[nodiscard]] virtual Status read(std::size_t partitions, ByteReader& in) = 0;
  /// Results that were out of range (NULL).
  std::uint64_t out_of_range = 0;
};

/// row_number, lag, running and framed aggregates: the list is in over_function.cpp. `types` are the input's
/// columns, `result` the call's column.
[[nodiscard]] std::unique_ptr<OverFunction> make_over_function(
    const plan::Over& over, const plan::OverCall& call, const std::vector<columnar::LogicalType>& types,
    columnar::LogicalType result);

}  // namespace dart::engine
