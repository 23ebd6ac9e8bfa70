#pragma once

#include <cstddef>
#include <span>

#include "base/result.hpp"
#include "columnar/chunk.hpp"
#include "engine/aggregate_states.hpp"

namespace dart::engine {

/// States of aggregates on their way from one machine to another: a text column a call, its bytes those of
/// BoundAggregate::serialize.
class PartialStates {
 public:
  /// `layout` outlives it.
  explicit PartialStates(const AggregateLayout& layout) : layout_(&layout), scratch_(layout) {}

  /// Writes the states of one group at a row of as many columns as there are calls.
  void write(const std::byte* states, std::span<columnar::Vector> columns, std::size_t row);
  /// Adds what row r of the chunk holds, in the column that is each call's argument, to the states of the
  /// group groups[r]. Bytes that are no states are an Error.
  [[nodiscard]] Status combine(const columnar::Chunk& chunk, const std::uint32_t* groups,
                               AggregateStates& states);

 private:
  [[nodiscard]] Status read(const columnar::Chunk& chunk, std::size_t row);

  const AggregateLayout* layout_;
  AggregateStates scratch_;  // one group's, as it came
};

}  // namespace dart::engine
