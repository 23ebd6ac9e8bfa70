#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "columnar/chunk.hpp"
#include "engine/operator.hpp"
#include "engine/row_store.hpp"

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
  static constexpr auto kIndex = [](const Row& row) { return row.index; };
  static constexpr auto kSecond = [](const Row& row) { return row.second; };

  /// The rows of one chunk that is being filled.
  class Piece {
   public:
    Piece(std::span<const Row> rows, std::vector<columnar::Vector>& columns,
          std::vector<RowStore::Slot>& scratch)
        : rows_(rows), columns_(columns), slots_(scratch) {}

    [[nodiscard]] std::span<const Row> rows() const { return rows_; }
    /// As long as rows(), its values not yet set.
    [[nodiscard]] columnar::Vector& column(std::size_t c) { return columns_[c]; }

    /// Columns first, first + 1... = all columns of the store, at the slots slot_of(row).
    template <class SlotOf>
    void read(const RowStore& store, const SlotOf& slot_of, std::size_t first) {
      find_slots(slot_of);
      const std::size_t width = store.types().size();
      for (std::size_t c = 0; c < width; ++c) store.read(c, slots_, columns_[first + c], 0);
    }
    /// Column places[c] = column c of the store.
    template <class SlotOf>
    void read(const RowStore& store, const SlotOf& slot_of, std::span<const std::uint32_t> places) {
      find_slots(slot_of);
      for (std::size_t c = 0; c < places.size(); ++c) store.read(c, slots_, columns_[places[c]], 0);
    }

   private:
    template <class SlotOf>
    void find_slots(const SlotOf& slot_of) {
      slots_.resize(rows_.size());
      for (std::size_t k = 0; k < rows_.size(); ++k) slots_[k] = slot_of(rows_[k]);
    }

    std::span<const Row> rows_;
    std::vector<columnar::Vector>& columns_;
    std::vector<RowStore::Slot>& slots_;
  };

  explicit ChunkBuilder(std::vector<columnar::LogicalType> types) : types_(std::move(types)) {}

  void add(std::uint32_t index, std::int64_t weight, std::int64_t step, std::uint32_t second = 0) {
    rows_.push_back({index, second, weight, step});
  }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] std::vector<Row>& rows() { return rows_; }

  /// Calls fill(piece) for pieces of at most out.chunk_rows() rows. Then pushes each piece, with weights and
  /// steps where asked for, and forgets the rows. Without weights a row of weight n is pushed n times.
  template <class Fill>
  void flush(Output& out, bool weighted, bool stepped, Fill&& fill) {
    if (!weighted) repeat_by_weight();
    for (std::size_t begin = 0; begin < rows_.size(); begin += out.chunk_rows()) {
      const std::size_t count = std::min(out.chunk_rows(), rows_.size() - begin);
      const Row* rows = rows_.data() + begin;
      prepare(rows, count, weighted, stepped);
      Piece piece({rows, count}, chunk_.columns, slots_);
      fill(piece);
      out.chunk(chunk_);
    }
    rows_.clear();
  }

 private:
  void repeat_by_weight();
  void prepare(const Row* rows, std::size_t count, bool weighted, bool stepped);

  std::vector<columnar::LogicalType> types_;
  std::vector<Row> rows_;
  std::vector<RowStore::Slot> slots_;
  Chunk chunk_;
};

}  // namespace dart::engine
