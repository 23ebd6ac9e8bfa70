#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "columnar/vector.hpp"

namespace dart::columnar {

/// A batch of rows in columns, the unit that operators hand on. A changelog chunk has weights (+n
/// inserts, -n retracts); an append-only one has none and every row counts once. A chunk whose rows'
/// steps matter carries each row's step number, never falling from row to row; retractions stand
/// before insertions inside one step. Steps may go on in the next chunk until `on_progress` ends them.
struct Chunk {
  std::vector<Vector> columns;
  Vector weights;  ///< bigint, flat; absent: all +1
  Vector steps;    ///< bigint, flat; absent: results per step do not matter below
  std::size_t rows = 0;

  [[nodiscard]] const std::int64_t* weight_data() const {
    return weights.is_present() ? weights.data<std::int64_t>() : nullptr;
  }
  [[nodiscard]] const std::int64_t* step_data() const {
    return steps.is_present() ? steps.data<std::int64_t>() : nullptr;
  }
  [[nodiscard]] std::int64_t weight(std::size_t row) const {
    return weights.is_present() ? weights.data<std::int64_t>()[row] : 1;
  }

  /// The rows named by `selection`, with weights and steps; strings are shared. Reuses out's vectors.
  void gather(const std::uint32_t* selection, std::size_t count, Chunk& out) const;
  /// Rows [begin, begin + count), sharing the bytes.
  [[nodiscard]] Chunk slice(std::size_t begin, std::size_t count) const;
  /// The same rows in bytes of its own: shares nothing, so it may cross to another thread.
  [[nodiscard]] Chunk deep_copy() const;
  /// About how many bytes the rows take, for bounds on queues.
  [[nodiscard]] std::size_t bytes() const;
  /// Aborts on broken invariants (steps falling, vectors missing); called in builds with debug checks.
  void verify() const;
};

}  // namespace dart::columnar
