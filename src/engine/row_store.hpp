#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "columnar/vector.hpp"
#include "engine/hash.hpp"
#include "engine/string_slab.hpp"

namespace dart::engine {

/// Rows that an operator remembers, one after the other in blocks that never move: a fixed width per row,
/// NULL bits first, strings as StringRef whose long bytes belong to the row. A row is named by its slot, good
/// from `insert` until `erase`. The row form (not columns) is on purpose: state is visited row by row at
/// random.
class RowStore {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot kNone = UINT32_MAX;

  explicit RowStore(std::vector<columnar::LogicalType> types);
  ~RowStore();
  RowStore(const RowStore&) = delete;
  RowStore& operator=(const RowStore&) = delete;

  [[nodiscard]] const std::vector<columnar::LogicalType>& types() const { return types_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// All slots ever given are below this.
  [[nodiscard]] Slot end() const { return end_; }

  /// Copies row `row` of the columns, which have this store's types.
  Slot insert(std::span<const columnar::Vector* const> columns, std::size_t row);
  /// Overwrites a live row.
  void assign(Slot slot, std::span<const columnar::Vector* const> columns, std::size_t row);
  void erase(Slot slot);
  void clear();

  /// The row will be visited soon.
  void prefetch(Slot slot) const { __builtin_prefetch(row_at(slot)); }

  [[nodiscard]] bool is_null(Slot slot, std::size_t column) const {
    return ((row(slot)[column / 8] >> (column % 8)) & 1) != 0;
  }
  /// T is the physical type of the column.
  template <class T>
  [[nodiscard]] T get(Slot slot, std::size_t column) const {
    T value;
    std::memcpy(static_cast<void*>(&value), row(slot) + offsets_[column], sizeof value);
    return value;
  }

  [[nodiscard]] bool equal(Slot slot, std::span<const columnar::Vector* const> columns,
                           std::size_t row) const;
  [[nodiscard]] bool equal_column(Slot slot, std::size_t column, const columnar::Vector& with,
                                  std::size_t row) const;
  /// As hash_rows over these columns.
  [[nodiscard]] std::uint64_t hash(Slot slot, std::span<const std::uint32_t> columns) const;
  /// As hash_rows over all columns.
  [[nodiscard]] std::uint64_t hash(Slot slot) const;
  /// Three-way comparison of two rows' column: NULL after everything, NaN after all numbers.
  [[nodiscard]] int compare(Slot a, Slot b, std::size_t column) const;

  /// The same of a row and one of columns; `with` is the column's values.
  [[nodiscard]] int compare(Slot a, const columnar::Vector& with, std::size_t row, std::size_t column) const;

  /// out[at + k] = column `column` of slots[k] (kNone gives NULL); long strings are copied into out's heap.
  void read(std::size_t column, std::span<const Slot> slots, columnar::Vector& out, std::size_t at) const;

  /// Bytes held: blocks and long strings.
  [[nodiscard]] std::size_t bytes() const { return blocks_.size() * kBlockRows * width_ + strings_.bytes(); }

  /// One row as bytes, and back into a new slot.
  void write_row(Slot slot, ByteWriter& out) const;
  [[nodiscard]] Result<Slot> read_row(ByteReader& in);

 private:
  static constexpr std::size_t kBlockShift = 8;
  static constexpr std::size_t kBlockRows = std::size_t{1} << kBlockShift;

  [[nodiscard]] std::byte* row_at(Slot slot) const {
    return blocks_[slot >> kBlockShift].get() + (slot & (kBlockRows - 1)) * width_;
  }
  [[nodiscard]] const unsigned char* row(Slot slot) const {
    return reinterpret_cast<const unsigned char*>(row_at(slot));
  }
  [[nodiscard]] std::uint64_t hash_column(Slot slot, std::size_t column) const;
  Slot allocate();
  void store(std::byte* place, std::span<const columnar::Vector* const> columns, std::size_t row);
  void release_strings(Slot slot);
  [[nodiscard]] columnar::StringRef own(std::string_view text);

  std::vector<columnar::LogicalType> types_;
  std::vector<columnar::PhysicalType> physical_;
  std::vector<std::uint32_t> offsets_;
  std::vector<std::uint32_t> string_columns_;
  std::size_t width_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::vector<Slot> free_;
  Slot end_ = 0;
  std::size_t size_ = 0;
  StringSlab strings_;
};

/// Three-way comparison of two values of one physical type, NaN last.
template <class T>
[[nodiscard]] int compare_values(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, double>) {
    if (a != a || b != b) return static_cast<int>(a != a) - static_cast<int>(b != b);
  }
  if constexpr (std::is_same_v<T, columnar::StringRef>) {
    const auto order = a <=> b;
    return order < 0 ? -1 : (order > 0 ? 1 : 0);
  } else {
    return a < b ? -1 : (b < a ? 1 : 0);
  }
}

}  // namespace dart::engine
