#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/row_store.hpp"
#include "plan/plan.hpp"

namespace dart::engine {

/// A total order of the rows of a RowStore: by the sort keys, then by all columns ascending, so that only
/// equal rows are equal. The first keys are also kept as words that compare like them, so that most
/// comparisons need not visit the rows.
class SortOrder {
 public:
  static constexpr std::size_t kMaxWords = 6;
  using Words = std::array<std::uint64_t, kMaxWords>;

  SortOrder(const RowStore& store, std::span<const plan::SortKey> keys);

  [[nodiscard]] std::size_t words() const { return words_; }
  void encode(RowStore::Slot slot, std::uint64_t* words) const;
  /// Negative, zero or positive, as a stands before, at or behind b.
  [[nodiscard]] int compare(const std::uint64_t* a_words, RowStore::Slot a, const std::uint64_t* b_words,
                            RowStore::Slot b) const;

 private:
  struct Key {
    std::uint32_t column;
    columnar::PhysicalType type;
    bool descending;
    bool nulls_first;
    std::uint32_t words;  ///< 0: compared by visiting the rows
  };
  [[nodiscard]] int compare_key(const Key& key, RowStore::Slot a, RowStore::Slot b) const;
  [[nodiscard]] std::uint64_t word_of(const Key& key, RowStore::Slot slot, std::uint64_t* second) const;

  const RowStore* store_;
  std::vector<Key> keys_;
  std::size_t words_ = 0;
};

/// Slots in the order of a SortOrder: blocks of a few dozen entries, each the words and the slot, found by
/// binary search. Insertion and removal move at most one block's entries.
class SortIndex {
 public:
  explicit SortIndex(const SortOrder& order) : order_(&order), width_(order.words() + 1) {}

  /// The slot of an equal row that is already there, else inserts `slot` and returns it.
  RowStore::Slot insert(const std::uint64_t* words, RowStore::Slot slot);
  void erase(const std::uint64_t* words, RowStore::Slot slot);
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  [[nodiscard]] std::size_t bytes() const;

  /// visit(words, slot) in order until it returns false.
  template <class Visit>
  void scan(Visit&& visit) const {
    for (const std::vector<std::uint64_t>& block : blocks_) {
      for (std::size_t e = 0; e < block.size(); e += width_) {
        if (!visit(block.data() + e, static_cast<RowStore::Slot>(block[e + width_ - 1]))) return;
      }
    }
  }

 private:
  static constexpr std::size_t kBlockEntries = 64;
  struct Place {
    std::size_t block;
    std::size_t entry;  // offset in words
    bool found;
  };
  [[nodiscard]] Place find(const std::uint64_t* words, RowStore::Slot slot) const;
  void split(std::size_t block);

  const SortOrder* order_;
  std::size_t width_;
  std::vector<std::vector<std::uint64_t>> blocks_;  // none is empty
};

}  // namespace dart::engine
