#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "columnar/vector.hpp"
#include "engine/row_store.hpp"

namespace dart::engine {

/// Gives every different key a small dense number, its group, and takes it back when the key is erased. Open
/// addressing with linear probing over (hash, group) pairs; the keys lie in a RowStore whose slot is the
/// group. A key of one integer, of whole numbers that fit two words together or of one short string is
/// compared inside the table itself.
class GroupTable {
 public:
  using Group = std::uint32_t;
  static constexpr Group kNone = RowStore::kNone;

  explicit GroupTable(std::vector<columnar::LogicalType> key_types);

  /// groups[r] = the group of the keys at each row, a new one where needed. NULL keys are equal to each
  /// other.
  void find_or_insert(std::span<const columnar::Vector* const> keys, std::size_t rows, Group* groups);
  /// The same for one row.
  Group find_or_insert_row(std::span<const columnar::Vector* const> keys, std::size_t row) {
    Group group = kNone;
    reserve(1);
    lookup<true>(keys, row, 1, &group);
    return group;
  }
  /// groups[r] = the group, or kNone.
  void find(std::span<const columnar::Vector* const> keys, std::size_t rows, Group* groups);
  void erase(Group group);
  void clear();

  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  /// All groups ever given are below this; the size of arrays indexed by group.
  [[nodiscard]] Group end() const { return keys_.end(); }
  [[nodiscard]] const RowStore& keys() const { return keys_; }
  [[nodiscard]] std::size_t bytes() const;
  /// Adds one key as RowStore::write_row wrote it; an Error when it is there already.
  [[nodiscard]] Result<Group> restore_key(ByteReader& in);

 private:
  struct Entry {
    std::uint64_t head = 0;  // the key itself (integer; first word of a string or of several), or its hash
    std::uint64_t tail = 0;  // second word of the key
    Group group = kNone;
    bool hashed = false;  // Packed: a key with a NULL, which head is the hash of
  };
  enum class Mode : std::uint8_t { Integer, Packed, Text, Rows };
  struct Words {
    std::uint64_t head;
    std::uint64_t tail;
  };

  struct Place {  // of a column in the two words
    std::uint32_t word;
    std::uint32_t shift;
    std::uint32_t bits;
  };

  /// The columns in order, none across the border of the words; empty when they do not fit.
  [[nodiscard]] static std::vector<Place> places_of(const std::vector<columnar::LogicalType>& types);
  template <bool insert>
  void lookup(std::span<const columnar::Vector* const> keys, std::size_t first, std::size_t rows,
              Group* groups);
  template <bool insert>
  void lookup_integers(const columnar::Vector& keys, std::size_t first, std::size_t rows, Group* groups);
  template <bool insert>
  void lookup_packed(std::span<const columnar::Vector* const> keys, std::size_t first, std::size_t rows,
                     Group* groups);
  template <bool insert>
  void lookup_texts(const columnar::Vector& keys, std::size_t first, std::size_t rows, Group* groups);
  template <bool insert>
  void lookup_rows(std::span<const columnar::Vector* const> keys, std::size_t first, std::size_t rows,
                   Group* groups);
  void pack_ahead(std::span<const columnar::Vector* const> keys, std::size_t first, std::size_t rows);
  void hash_ahead(std::span<const columnar::Vector* const> keys, std::size_t first, std::size_t rows);
  void fetch_ahead(std::size_t row, std::size_t rows) const;
  Group add(Entry& entry, std::span<const columnar::Vector* const> keys, std::size_t row);
  [[nodiscard]] std::uint64_t hash_entry(const Entry& entry) const;
  [[nodiscard]] std::uint64_t hash_group(Group group) const;
  void reserve(std::size_t more);
  void rebuild(std::size_t capacity);

  RowStore keys_;
  Mode mode_ = Mode::Rows;
  std::vector<Entry> entries_;
  std::size_t mask_ = 0;
  Group null_group_ = kNone;  // Integer and Text modes keep the NULL key apart
  std::vector<std::uint64_t> hashes_;
  std::vector<Place> places_;  // Packed: of each column
  std::vector<Words> words_;   // Packed: the keys of a batch
};

}  // namespace dart::engine
