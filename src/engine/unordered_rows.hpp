#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/row_store.hpp"

namespace dart::engine {

/// Slots of a RowStore found by what their rows hold in some columns, in no order: open addressing with
/// linear probing over (hash, slot) pairs. For rows that need not be kept in order now, at a fraction of that
/// cost.
class UnorderedRows {
 public:
  using Slot = RowStore::Slot;
  using Columns = std::span<const columnar::Vector* const>;

  /// Rows are told apart by these columns; both outlive this object.
  UnorderedRows(const RowStore& store, std::span<const std::uint32_t> identity)
      : store_(&store), identity_(identity) {}

  /// The slot of an equal row, or kNone. `columns` are the identity's, `hash` is hash_rows over them.
  [[nodiscard]] Slot find(std::uint64_t hash, Columns columns, std::size_t row) const;
  /// A slot that is not in.
  void insert(std::uint64_t hash, Slot slot);
  void insert(Slot slot) { insert(hash_of_slot(slot), slot); }
  /// A slot that is in.
  void erase(std::uint64_t hash, Slot slot);
  void erase(Slot slot) { erase(hash_of_slot(slot), slot); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return entries_.capacity() * sizeof(Entry); }
  /// visit(slot), in no particular order.
  template <class Visit>
  void scan(Visit&& visit) const {
    for (const Entry& entry : entries_) {
      if (entry.slot != RowStore::kNone) visit(entry.slot);
    }
  }

 private:
  struct Entry {
    std::uint32_t hash = 0;  // the low half: the place in tables of up to 2^32 entries
    Slot slot = RowStore::kNone;
  };
  [[nodiscard]] std::uint64_t hash_of_slot(Slot slot) const { return store_->hash(slot, identity_); }
  void grow();

  const RowStore* store_;
  std::span<const std::uint32_t> identity_;
  std::vector<Entry> entries_;
  std::uint32_t mask_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dart::engine
