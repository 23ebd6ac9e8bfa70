#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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
  using Columns = std::span<const columnar::Vector* const>;

  SortOrder(const RowStore& store, std::span<const plan::SortKey> keys);

  [[nodiscard]] std::size_t words() const { return words_; }
  /// How many of them are the first key's: they alone decide between two rows wherever they differ.
  [[nodiscard]] std::size_t leading_words() const { return keys_.empty() ? 0 : keys_.front().words; }
  void encode(RowStore::Slot slot, std::uint64_t* words) const;
  /// Of a row of columns that have the store's types.
  void encode(Columns columns, std::size_t row, std::uint64_t* words) const;
  /// The first leading_words() only.
  void encode_leading(RowStore::Slot slot, std::uint64_t* words) const;
  void encode_leading(Columns columns, std::size_t row, std::uint64_t* words) const;
  /// Negative, zero or positive, as a stands before, at or behind b.
  [[nodiscard]] int compare(const std::uint64_t* a_words, RowStore::Slot a, const std::uint64_t* b_words,
                            RowStore::Slot b) const;
  /// The same with a row that is not in the store.
  [[nodiscard]] int compare(const std::uint64_t* a_words, RowStore::Slot a, const std::uint64_t* b_words,
                            Columns b_columns, std::size_t b_row) const;

 private:
  struct Key {
    std::uint32_t column;
    columnar::PhysicalType type;
    bool descending;
    bool nulls_first;
    std::uint32_t words;  ///< 0: compared by visiting the rows
  };
  template <class Read>
  void encode_with(const Read& read, std::uint64_t* words) const;
  template <class Read>
  [[nodiscard]] std::uint64_t word_of(const Key& key, const Read& read, std::uint64_t* second) const;
  template <class CompareColumn, class IsNull>
  [[nodiscard]] int compare_with(const std::uint64_t* a_words, const std::uint64_t* b_words,
                                 const CompareColumn& compare_column, const IsNull& is_null) const;

  const RowStore* store_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> tail_;  ///< columns that no key's words tell apart exactly
  std::size_t words_ = 0;
  bool exact_ = true;  ///< all keys have words that tell all but extreme values apart
  /// A value whose word may be another's too has been met (a NULL, the ends of a range).
  mutable bool met_extreme_ = false;
};

/// Slots in the order of a SortOrder: blocks of a few dozen entries, each the words and the slot, found by
/// binary search over the blocks' last entries, then inside one. Insertion and removal move at most one
/// block's entries. An index of few rows is one block and costs one allocation; both ends are looked at
/// first, since rows that come in order and leave in order are common.
class SortIndex {
 public:
  explicit SortIndex(const SortOrder& order)
      : order_(&order), width_(static_cast<std::uint32_t>(order.words() + 1)) {}

  struct Place {
    std::size_t block = 0;
    std::size_t entry = 0;                  ///< offset in words
    RowStore::Slot slot = RowStore::kNone;  ///< of an equal row, if there is one
  };
  /// Where a row that is not in the store is, or belongs.
  [[nodiscard]] Place find(const std::uint64_t* words, SortOrder::Columns columns, std::size_t row) const;
  [[nodiscard]] Place find(const std::uint64_t* words, RowStore::Slot slot) const;
  /// At the place that `find` gave for the row just before.
  void insert(Place place, const std::uint64_t* words, RowStore::Slot slot);
  void erase(Place place);
  [[nodiscard]] bool empty() const { return head_.empty(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  void clear();
  /// A small index will be searched soon.
  void prefetch() const { __builtin_prefetch(head_.data()); }
  [[nodiscard]] std::size_t bytes() const;

  /// visit(words, slot) in order until it returns false.
  template <class Visit>
  void scan(Visit&& visit) const {
    for (std::size_t b = 0; b <= last_block(); ++b) {
      const Block& block = block_at(b);
      for (std::size_t e = 0; e < block.size(); e += width_) {
        if (!visit(block.data() + e, static_cast<RowStore::Slot>(block[e + width_ - 1]))) return;
      }
    }
  }

 private:
  using Block = std::vector<std::uint64_t>;
  static constexpr std::size_t kBlockEntries = 32;

  /// What an index of more than one block has besides.
  struct Tail {
    std::vector<Block> blocks;         // none is empty
    std::vector<std::uint64_t> lasts;  // the last entry of each block, the head's first, side by side
  };

  [[nodiscard]] std::size_t last_block() const { return tail_ ? tail_->blocks.size() : 0; }
  [[nodiscard]] const Block& block_at(std::size_t b) const { return b == 0 ? head_ : tail_->blocks[b - 1]; }
  [[nodiscard]] Block& block_at(std::size_t b) { return b == 0 ? head_ : tail_->blocks[b - 1]; }
  template <class Compare>
  [[nodiscard]] Place find_with(const Compare& compare) const;
  template <class Compare>
  [[nodiscard]] Place find_in(std::size_t block, const Compare& compare) const;
  void split(std::size_t block);
  void add_front();
  void note_last(std::size_t block);

  const SortOrder* order_;
  std::uint32_t width_;
  std::uint32_t size_ = 0;      // entries
  Block head_;                  // empty only when the index is
  std::unique_ptr<Tail> tail_;  // apart, since most of the many small indexes have none
};

}  // namespace dart::engine
