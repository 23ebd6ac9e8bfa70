#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "columnar/chunk.hpp"
#include "engine/operator.hpp"

namespace dart::engine {

/// The rows that a stateful operator is about to emit: first only which (a source index the operator
/// understands, a weight, a step), then, at `flush`, column by column through the operator's `fill`. Keeps
/// within the edge's chunk size.
class ChunkBuilder {
 public:
  struct Row {
    std::uint32_t index;
    std::uint32_t second;  ///< a second index, for joins
    std::int64_t weight;
    std::int64_t step;
  };

  explicit ChunkBuilder(std::vector<columnar::LogicalType> types) : types_(std::move(types)) {}

  void add(std::uint32_t index, std::int64_t weight, std::int64_t step, std::uint32_t second = 0) {
    rows_.push_back({index, second, weight, step});
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::vector<Row>& rows() { return rows_; }

  /// Calls fill(rows, count, columns) for pieces of at most out.chunk_rows() rows; `columns` are reset
  /// already. Then pushes each piece, with weights and steps where asked for, and forgets the rows. Without
  /// weights a row of weight n is pushed n times.
  template <class Fill>
  void flush(Output& out, bool weighted, bool stepped, Fill&& fill) {
    if (!weighted) repeat_by_weight();
    for (std::size_t begin = 0; begin < rows_.size(); begin += out.chunk_rows()) {
      const std::size_t count = std::min(out.chunk_rows(), rows_.size() - begin);
      const Row* rows = rows_.data() + begin;
      prepare(rows, count, weighted, stepped);
      fill(rows, count, chunk_.columns);
      out.chunk(chunk_);
    }
    rows_.clear();
  }

 private:
  void repeat_by_weight();
  void prepare(const Row* rows, std::size_t count, bool weighted, bool stepped);

  std::vector<columnar::LogicalType> types_;
  std::vector<Row> rows_;
  Chunk chunk_;
};

}  // namespace dart::engine
