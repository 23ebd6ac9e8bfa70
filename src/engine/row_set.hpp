#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/chunk_bytes.hpp"
#include "engine/group_table.hpp"

namespace dart::engine {

/// A Z-set of rows: every different row with its weight; a row of weight 0 is not there. Negative weights may
/// stand while a step is being applied.
class RowSet {
 public:
  using Slot = RowStore::Slot;

  explicit RowSet(std::vector<columnar::LogicalType> types) : rows_(std::move(types)) {}

  void add(std::span<const columnar::Vector* const> columns, std::size_t row, std::int64_t weight) {
    const Slot slot = rows_.find_or_insert_row(columns, row);
    if (weights_.size() <= slot) weights_.resize(slot + 1, 0);
    weights_[slot] += weight;
    if (weights_[slot] == 0) rows_.erase(slot);
  }

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] const RowStore& rows() const { return rows_.keys(); }
  [[nodiscard]] std::int64_t weight(Slot slot) const { return weights_[slot]; }
  void clear() {
    rows_.clear();
    weights_.clear();
  }
  [[nodiscard]] std::size_t bytes() const {
    return rows_.bytes() + weights_.capacity() * sizeof(std::int64_t);
  }

  void write(ByteWriter& out) const {
    out.varint(size());
    for (Slot slot = 0; slot < weights_.size(); ++slot) {
      if (weights_[slot] == 0) continue;
      rows_.keys().write_row(slot, out);
      out.fixed(weights_[slot]);
    }
  }
  /// Into an empty set.
  [[nodiscard]] Status read(ByteReader& in) {
    DART_TRY(const std::size_t rows, in.count());
    for (std::size_t r = 0; r < rows; ++r) {
      DART_TRY(const Slot slot, rows_.restore_key(in));
      if (weights_.size() <= slot) weights_.resize(slot + 1, 0);
      DART_TRY(weights_[slot], read_weight(in));
      if (weights_[slot] == 0) return fail(ErrorCode::Data, "a row without weight");
    }
    return {};
  }

  /// The slots of all rows, each as often as its weight (negative ones not at all), in no particular order.
  void list(std::vector<Slot>& slots) const {
    for (Slot slot = 0; slot < weights_.size(); ++slot) {
      for (std::int64_t n = weights_[slot]; n > 0; --n) slots.push_back(slot);
    }
  }

 private:
  GroupTable rows_;
  std::vector<std::int64_t> weights_;
};

}  // namespace dart::engine
