#include "engine/group_table.hpp"

#include <algorithm>

namespace dart::engine {

using columnar::PhysicalType;
using columnar::StringRef;
using columnar::Vector;

namespace {

constexpr std::size_t kSmallest = 64;

/// Bits that tell all values of a type apart; 0: not a whole number of one word.
std::uint32_t bits_of(const columnar::LogicalType& type) {
  if (type.id == columnar::TypeId::Int) return 32;
  return type.physical() == PhysicalType::Int64 ? 64 : 0;
}

std::uint64_t hash_words(std::uint64_t head, std::uint64_t tail) {
  return fold(head ^ 0x9E3779B97F4A7C15ULL, tail ^ 0xD6E8FEB86659FD93ULL);
}

constexpr std::uint64_t cut(std::int64_t value, std::uint32_t bits) {
  return bits == 64 ? static_cast<std::uint64_t>(value) : static_cast<std::uint32_t>(value);
}

}  // namespace

std::vector<GroupTable::Place> GroupTable::places_of(const std::vector<columnar::LogicalType>& types) {
  std::vector<Place> places;
  std::uint32_t used = 0;
  for (const columnar::LogicalType& type : types) {
    const std::uint32_t bits = bits_of(type);
    if (bits == 0) return {};
    if (bits == 64) used = (used + 63) / 64 * 64;
    places.push_back({used / 64, used % 64, bits});
    used += bits;
  }
  if (used > 128) places.clear();
  return places;
}

GroupTable::GroupTable(std::vector<columnar::LogicalType> key_types) : keys_(std::move(key_types)) {
  if (keys_.types().size() == 1) {
    const PhysicalType type = keys_.types()[0].physical();
    if (type == PhysicalType::Int64) mode_ = Mode::Integer;
    if (type == PhysicalType::String) mode_ = Mode::Text;
  } else {
    places_ = places_of(keys_.types());
    if (!places_.empty()) mode_ = Mode::Packed;
  }
  rebuild(kSmallest);
}

void GroupTable::find_or_insert(std::span<const Vector* const> keys, std::size_t rows, Group* groups) {
  reserve(rows);
  lookup<true>(keys, 0, rows, groups);
}

void GroupTable::find(std::span<const Vector* const> keys, std::size_t rows, Group* groups) {
  lookup<false>(keys, 0, rows, groups);
}

template <bool insert>
void GroupTable::lookup(std::span<const Vector* const> keys, std::size_t first, std::size_t rows,
                        Group* groups) {
  switch (mode_) {
    case Mode::Integer:
      lookup_integers<insert>(*keys[0], first, rows, groups);
      break;
    case Mode::Packed:
      lookup_packed<insert>(keys, first, rows, groups);
      break;
    case Mode::Text:
      lookup_texts<insert>(*keys[0], first, rows, groups);
      break;
    case Mode::Rows:
      lookup_rows<insert>(keys, first, rows, groups);
      break;
  }
}

GroupTable::Group GroupTable::add(Entry& entry, std::span<const Vector* const> keys, std::size_t row) {
  entry.group = keys_.insert(keys, row);
  return entry.group;
}

template <bool insert>
void GroupTable::lookup_integers(const Vector& keys, std::size_t first, std::size_t rows, Group* groups) {
  const Vector* const columns[] = {&keys};
  const bool nulls = keys.has_nulls();
  for (std::size_t r = first; r < first + rows; ++r) {
    if (nulls && keys.is_null(r)) {
      if (insert && null_group_ == kNone) null_group_ = keys_.insert(columns, r);
      groups[r - first] = null_group_;
      continue;
    }
    const auto key = static_cast<std::uint64_t>(keys.at<std::int64_t>(r));
    std::size_t place = hash_word(key) & mask_;
    while (entries_[place].group != kNone && entries_[place].head != key) place = (place + 1) & mask_;
    Entry& entry = entries_[place];
    if (insert && entry.group == kNone) {
      entry.head = key;
      add(entry, columns, r);
    }
    groups[r - first] = entry.group;
  }
}

template <bool insert>
void GroupTable::lookup_packed(std::span<const Vector* const> keys, std::size_t first, std::size_t rows,
                               Group* groups) {
  const bool nulls =
      std::any_of(keys.begin(), keys.end(), [](const Vector* key) { return key->has_nulls(); });
  pack_ahead(keys, first, rows);
  for (std::size_t k = 0; k < rows; ++k) {
    const std::size_t r = first + k;
    Words words = words_[k];
    const bool hashed =
        nulls && std::any_of(keys.begin(), keys.end(), [r](const Vector* key) { return key->is_null(r); });
    std::uint64_t hash = 0;
    if (hashed) {
      hash_rows(keys, r, 1, &hash);
      words = {hash, 0};
    } else {
      hash = hash_words(words.head, words.tail);
    }
    std::size_t place = hash & mask_;
    for (; entries_[place].group != kNone; place = (place + 1) & mask_) {
      const Entry& entry = entries_[place];
      if (entry.head == words.head && entry.tail == words.tail && entry.hashed == hashed &&
          (!hashed || keys_.equal(entry.group, keys, r))) {
        break;
      }
    }
    Entry& entry = entries_[place];
    if (insert && entry.group == kNone) {
      entry.head = words.head;
      entry.tail = words.tail;
      entry.hashed = hashed;
      add(entry, keys, r);
    }
    groups[k] = entry.group;
  }
}

void GroupTable::pack_ahead(std::span<const Vector* const> keys, std::size_t first, std::size_t rows) {
  words_.assign(rows, Words{0, 0});
  for (std::size_t c = 0; c < places_.size(); ++c) {
    const auto [word, shift, bits] = places_[c];
    const Vector& key = *keys[c];
    for (std::size_t k = 0; k < rows; ++k) {
      const std::uint64_t value = cut(key.at<std::int64_t>(first + k), bits) << shift;
      (word == 0 ? words_[k].head : words_[k].tail) |= value;
    }
  }
}

template <bool insert>
void GroupTable::lookup_texts(const Vector& keys, std::size_t first, std::size_t rows, Group* groups) {
  const Vector* const columns[] = {&keys};
  const bool nulls = keys.has_nulls();
  hash_ahead(columns, first, rows);
  for (std::size_t r = first; r < first + rows; ++r) {
    fetch_ahead(r - first, rows);
    if (nulls && keys.is_null(r)) {
      if (insert && null_group_ == kNone) null_group_ = keys_.insert(columns, r);
      groups[r - first] = null_group_;
      continue;
    }
    const StringRef& key = keys.at<StringRef>(r);
    const bool short_key = key.is_inline();
    const std::uint64_t head = key.head();
    // A long string is told apart by length and prefix (head), then by its hash (tail), then by its bytes.
    const std::uint64_t hash = hashes_[r - first];
    const std::uint64_t tail = short_key ? key.tail() : hash;
    std::size_t place = hash & mask_;
    while (entries_[place].group != kNone) {
      const Entry& entry = entries_[place];
      if (entry.head == head && entry.tail == tail &&
          (short_key || keys_.get<StringRef>(entry.group, 0) == key)) {
        break;
      }
      place = (place + 1) & mask_;
    }
    Entry& entry = entries_[place];
    if (insert && entry.group == kNone) {
      entry.head = head;
      entry.tail = tail;
      add(entry, columns, r);
    }
    groups[r - first] = entry.group;
  }
}

/// The hashes of a batch, so that the table's places can be fetched before they are looked at: with many keys
/// each look would otherwise wait for memory.
void GroupTable::hash_ahead(std::span<const Vector* const> keys, std::size_t first, std::size_t rows) {
  hashes_.resize(std::max(hashes_.size(), rows));
  hash_rows(keys, first, rows, hashes_.data());
}

void GroupTable::fetch_ahead(std::size_t row, std::size_t rows) const {
  constexpr std::size_t kFar = 8;
  constexpr std::size_t kNear = 4;
  if (row + kFar < rows) __builtin_prefetch(&entries_[hashes_[row + kFar] & mask_]);
  if (row + kNear < rows) {
    const Group group = entries_[hashes_[row + kNear] & mask_].group;
    if (group != kNone) keys_.prefetch(group);
  }
}

template <bool insert>
void GroupTable::lookup_rows(std::span<const Vector* const> keys, std::size_t first, std::size_t rows,
                             Group* groups) {
  hash_ahead(keys, first, rows);
  for (std::size_t r = first; r < first + rows; ++r) {
    fetch_ahead(r - first, rows);
    const std::uint64_t hash = hashes_[r - first];
    std::size_t place = hash & mask_;
    while (entries_[place].group != kNone &&
           (entries_[place].head != hash || !keys_.equal(entries_[place].group, keys, r))) {
      place = (place + 1) & mask_;
    }
    Entry& entry = entries_[place];
    if (insert && entry.group == kNone) {
      entry.head = hash;
      add(entry, keys, r);
    }
    groups[r - first] = entry.group;
  }
}

std::uint64_t GroupTable::hash_entry(const Entry& entry) const {
  switch (mode_) {
    case Mode::Integer:
      return hash_word(entry.head);
    case Mode::Packed:
      return entry.hashed ? entry.head : hash_words(entry.head, entry.tail);
    case Mode::Text: {
      const bool short_key = static_cast<std::uint32_t>(entry.head) <= StringRef::kInline;
      return short_key ? hash_of(keys_.get<StringRef>(entry.group, 0)) : entry.tail;
    }
    case Mode::Rows:
      break;
  }
  return entry.head;
}

std::uint64_t GroupTable::hash_group(Group group) const {
  if (mode_ == Mode::Integer) return hash_word(static_cast<std::uint64_t>(keys_.get<std::int64_t>(group, 0)));
  if (mode_ == Mode::Text) return hash_of(keys_.get<StringRef>(group, 0));
  if (mode_ == Mode::Packed) {
    Words words{0, 0};
    bool null = false;
    for (std::size_t c = 0; c < places_.size(); ++c) {
      null = keys_.is_null(group, c);
      if (null) break;
      const auto [word, shift, bits] = places_[c];
      (word == 0 ? words.head : words.tail) |= cut(keys_.get<std::int64_t>(group, c), bits) << shift;
    }
    if (!null) return hash_words(words.head, words.tail);
  }
  return keys_.hash(group);
}

void GroupTable::erase(Group group) {
  if (group == null_group_) {
    null_group_ = kNone;
    keys_.erase(group);
    return;
  }
  std::size_t hole = hash_group(group) & mask_;
  while (entries_[hole].group != group) hole = (hole + 1) & mask_;
  // Shift back the entries behind that would no longer be found past the hole.
  std::size_t next = hole;
  while (true) {
    next = (next + 1) & mask_;
    if (entries_[next].group == kNone) break;
    const std::size_t home = hash_entry(entries_[next]) & mask_;
    if (((next - home) & mask_) >= ((next - hole) & mask_)) {
      entries_[hole] = entries_[next];
      hole = next;
    }
  }
  entries_[hole].group = kNone;
  keys_.erase(group);
}

void GroupTable::clear() {
  keys_.clear();
  null_group_ = kNone;
  rebuild(kSmallest);
}

void GroupTable::reserve(std::size_t more) {
  // Half full at most, counting every row as a new key only when that is small beside what is there.
  const std::size_t wanted = 2 * (keys_.size() + more);
  if (wanted <= entries_.size()) return;
  rebuild(std::max(entries_.size() * 2, std::size_t{1} << (64 - __builtin_clzll(wanted - 1))));
}

void GroupTable::rebuild(std::size_t capacity) {
  std::vector<Entry> old(capacity);
  old.swap(entries_);
  mask_ = capacity - 1;
  if (keys_.size() == 0) return;
  for (const Entry& entry : old) {
    if (entry.group == kNone) continue;
    std::size_t place = hash_entry(entry) & mask_;
    while (entries_[place].group != kNone) place = (place + 1) & mask_;
    entries_[place] = entry;
  }
}

std::size_t GroupTable::bytes() const { return keys_.bytes() + entries_.size() * sizeof(Entry); }

Result<GroupTable::Group> GroupTable::restore_key(ByteReader& in) {
  RowStore one(keys_.types());
  DART_TRY(const RowStore::Slot slot, one.read_row(in));
  std::vector<Vector> cells(keys_.types().size());
  std::vector<const Vector*> columns;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    cells[c].reset(keys_.types()[c], 1);
    one.read(c, std::span(&slot, 1), cells[c], 0);
    columns.push_back(&cells[c]);
  }
  const std::size_t before = size();
  Group group = kNone;
  find_or_insert(columns, 1, &group);
  if (size() == before) return fail(ErrorCode::Data, "a key that is there twice");
  return group;
}

// The header calls it in line.
template void GroupTable::lookup<true>(std::span<const Vector* const> keys, std::size_t first,
                                       std::size_t rows, Group* groups);

}  // namespace dart::engine
