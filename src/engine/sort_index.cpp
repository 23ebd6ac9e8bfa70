#include "engine/sort_index.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace dart::engine {

using columnar::PhysicalType;
using columnar::StringRef;
using Slot = RowStore::Slot;

namespace {

constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
/// Words of values stay clear of 0 and the greatest, which stand for NULL first and last. Where that clamps,
/// two different values may share a word; then the rows decide.
constexpr std::uint64_t kLowest = 1;
constexpr std::uint64_t kHighest = UINT64_MAX - 1;

bool is_extreme(std::uint64_t word) { return word <= kLowest || word >= kHighest; }

std::uint64_t ordered_bits(double value) {
  if (value != value) return kHighest;
  const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

}  // namespace

SortOrder::SortOrder(const RowStore& store, std::span<const plan::SortKey> keys) : store_(&store) {
  std::vector<bool> told_apart(store.types().size(), false);
  for (const plan::SortKey& key : keys) {
    const PhysicalType type = store.types()[key.column].physical();
    std::uint32_t words = type == PhysicalType::Int128 ? 2 : 1;
    if (words_ + words > kMaxWords) words = 0;
    words_ += words;
    keys_.push_back({key.column, type, key.descending, key.nulls_first, words});
    const bool exact = words > 0 && type != PhysicalType::String;
    exact_ = exact_ && exact;
    if (exact) told_apart[key.column] = true;
  }
  for (std::uint32_t c = 0; c < told_apart.size(); ++c) {
    if (!told_apart[c]) tail_.push_back(c);
  }
}

namespace {

struct ReadSlot {
  const RowStore& store;
  Slot slot;
  [[nodiscard]] bool is_null(std::uint32_t column) const { return store.is_null(slot, column); }
  template <class T>
  [[nodiscard]] T get(std::uint32_t column) const {
    return store.get<T>(slot, column);
  }
};

struct ReadColumns {
  SortOrder::Columns columns;
  std::size_t row;
  [[nodiscard]] bool is_null(std::uint32_t column) const { return columns[column]->is_null(row); }
  template <class T>
  [[nodiscard]] T get(std::uint32_t column) const {
    return columns[column]->at<T>(row);
  }
};

}  // namespace

template <class Read>
std::uint64_t SortOrder::word_of(const Key& key, const Read& read, std::uint64_t* second) const {
  if (read.is_null(key.column)) {
    if (second != nullptr) *second = 0;
    met_extreme_ = true;
    return key.nulls_first ? 0 : UINT64_MAX;
  }
  std::uint64_t word = 0;
  switch (key.type) {
    case PhysicalType::Bool:
      word = read.template get<std::uint8_t>(key.column) + std::uint64_t{2};
      break;
    case PhysicalType::Int64:
      word = static_cast<std::uint64_t>(read.template get<std::int64_t>(key.column)) ^ kSign;
      break;
    case PhysicalType::Double:
      word = ordered_bits(read.template get<double>(key.column));
      break;
    case PhysicalType::Int128: {
      const auto value = static_cast<uint128>(read.template get<int128>(key.column));
      word = static_cast<std::uint64_t>(value >> 64) ^ kSign;
      *second = static_cast<std::uint64_t>(value);
      if (key.descending) *second = ~*second;
      break;
    }
    case PhysicalType::String: {
      const StringRef text = read.template get<StringRef>(key.column);
      unsigned char prefix[8] = {};
      std::memcpy(prefix, text.data(), std::min<std::size_t>(8, text.size()));
      for (const unsigned char byte : prefix) word = word << 8 | byte;
      break;
    }
  }
  if (key.descending) word = ~word;
  if (is_extreme(word)) {
    met_extreme_ = true;
    if (second != nullptr && word < kLowest) *second = 0;
    if (second != nullptr && word > kHighest) *second = UINT64_MAX;
  }
  return std::clamp(word, kLowest, kHighest);
}

template <class Read>
void SortOrder::encode_with(const Read& read, std::uint64_t* words) const {
  for (const Key& key : keys_) {
    if (key.words == 0) continue;
    words[0] = word_of(key, read, key.words == 2 ? words + 1 : nullptr);
    words += key.words;
  }
}

void SortOrder::encode(Slot slot, std::uint64_t* words) const { encode_with(ReadSlot{*store_, slot}, words); }

void SortOrder::encode(Columns columns, std::size_t row, std::uint64_t* words) const {
  encode_with(ReadColumns{columns, row}, words);
}

void SortOrder::encode_leading(Slot slot, std::uint64_t* words) const {
  words[0] = word_of(keys_.front(), ReadSlot{*store_, slot}, words + 1);
}

void SortOrder::encode_leading(Columns columns, std::size_t row, std::uint64_t* words) const {
  words[0] = word_of(keys_.front(), ReadColumns{columns, row}, words + 1);
}

/// By the words as far as they decide; by the rows' values where equal words may stand for different values.
template <class CompareColumn, class IsNull>
int SortOrder::compare_with(const std::uint64_t* a_words, const std::uint64_t* b_words,
                            const CompareColumn& compare_column, const IsNull& is_null) const {
  if (exact_ && !met_extreme_) {
    for (std::size_t w = 0; w < words_; ++w) {
      if (a_words[w] != b_words[w]) return a_words[w] < b_words[w] ? -1 : 1;
    }
    for (const std::uint32_t column : tail_) {
      if (const int order = compare_column(column); order != 0) return order;
    }
    return 0;
  }
  for (const Key& key : keys_) {
    bool exact = key.words > 0 && key.type != PhysicalType::String;
    for (std::uint32_t w = 0; w < key.words; ++w) {
      if (a_words[w] != b_words[w] && (exact || w == 0)) return a_words[w] < b_words[w] ? -1 : 1;
      exact = exact && !is_extreme(a_words[w]);
    }
    a_words += key.words;
    b_words += key.words;
    if (exact) continue;
    const auto [a_null, b_null] = is_null(key.column);
    int order = 0;
    if (a_null || b_null) {
      order = static_cast<int>(a_null) - static_cast<int>(b_null);
      if (key.nulls_first) order = -order;
    } else {
      order = compare_column(key.column);
      if (key.descending) order = -order;
    }
    if (order != 0) return order;
  }
  for (std::uint32_t c = 0; c < store_->types().size(); ++c) {
    if (const int order = compare_column(c); order != 0) return order;
  }
  return 0;
}

int SortOrder::compare(const std::uint64_t* a_words, Slot a, const std::uint64_t* b_words, Slot b) const {
  return compare_with(
      a_words, b_words, [&](std::uint32_t c) { return a == b ? 0 : store_->compare(a, b, c); },
      [&](std::uint32_t c) { return std::pair(store_->is_null(a, c), store_->is_null(b, c)); });
}

int SortOrder::compare(const std::uint64_t* a_words, Slot a, const std::uint64_t* b_words, Columns b_columns,
                       std::size_t b_row) const {
  return compare_with(
      a_words, b_words, [&](std::uint32_t c) { return store_->compare(a, *b_columns[c], b_row, c); },
      [&](std::uint32_t c) { return std::pair(store_->is_null(a, c), b_columns[c]->is_null(b_row)); });
}

template <class Compare>
SortIndex::Place SortIndex::find_in(std::size_t b, const Compare& compare) const {
  const Block& block = block_at(b);
  std::size_t first = 0;
  std::size_t last = block.size() / width_;
  while (first < last) {
    const std::size_t middle = (first + last) / 2;
    const std::uint64_t* entry = block.data() + middle * width_;
    const int order = compare(entry, static_cast<Slot>(entry[width_ - 1]));
    if (order == 0) return {b, middle * width_, static_cast<Slot>(entry[width_ - 1])};
    if (order < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return {b, first * width_, RowStore::kNone};
}

template <class Compare>
SortIndex::Place SortIndex::find_with(const Compare& compare) const {
  if (!tail_) return find_in(0, compare);
  const auto at = [&](const std::uint64_t* entry) {
    return compare(entry, static_cast<Slot>(entry[width_ - 1]));
  };
  const int front = at(head_.data());
  if (front >= 0) return {0, 0, front == 0 ? static_cast<Slot>(head_[width_ - 1]) : RowStore::kNone};
  std::size_t low = 0;
  // The last block, unless an earlier one's last entry is not before the row.
  std::size_t high = tail_->blocks.size();
  const std::uint64_t* end = tail_->lasts.data() + high * width_;
  const int back = at(end);
  if (back <= 0) {
    const std::size_t size = tail_->blocks.back().size();
    if (back < 0) return {high, size, RowStore::kNone};
    return {high, size - width_, static_cast<Slot>(end[width_ - 1])};
  }
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (at(tail_->lasts.data() + middle * width_) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return find_in(low, compare);
}

SortIndex::Place SortIndex::find(const std::uint64_t* words, SortOrder::Columns columns,
                                 std::size_t row) const {
  return find_with([&](const std::uint64_t* entry, Slot slot) {
    return order_->compare(entry, slot, words, columns, row);
  });
}

SortIndex::Place SortIndex::find(const std::uint64_t* words, Slot slot) const {
  return find_with(
      [&](const std::uint64_t* entry, Slot other) { return order_->compare(entry, other, words, slot); });
}

void SortIndex::insert(Place place, const std::uint64_t* words, Slot slot) {
  ++size_;
  if (block_at(place.block).size() == kBlockEntries * width_) {
    if (place.block == 0 && place.entry == 0) {  // rows that come in order fill a fresh block, not a half
      add_front();
    } else {
      split(place.block);
    }
    const std::size_t half = block_at(place.block).size();
    if (place.entry > half) {
      place.entry -= half;
      ++place.block;
    }
  }
  Block& block = block_at(place.block);
  const bool at_end = place.entry == block.size();
  const auto at = block.insert(block.begin() + static_cast<std::ptrdiff_t>(place.entry), width_, slot);
  std::copy_n(words, width_ - 1, at);
  if (at_end) note_last(place.block);
}

void SortIndex::note_last(std::size_t b) {
  if (!tail_) return;
  const Block& block = block_at(b);
  std::copy_n(block.end() - static_cast<std::ptrdiff_t>(width_), width_,
              tail_->lasts.begin() + static_cast<std::ptrdiff_t>(b * width_));
}

void SortIndex::split(std::size_t b) {
  const auto half = static_cast<std::ptrdiff_t>(kBlockEntries / 2 * width_);
  Block upper;
  upper.reserve(kBlockEntries * width_);
  upper.assign(block_at(b).begin() + half, block_at(b).end());
  block_at(b).resize(static_cast<std::size_t>(half));
  if (!tail_) tail_.reset(new Tail{{}, std::vector<std::uint64_t>(width_, 0)});
  tail_->blocks.insert(tail_->blocks.begin() + static_cast<std::ptrdiff_t>(b), std::move(upper));
  tail_->lasts.insert(tail_->lasts.begin() + static_cast<std::ptrdiff_t>((b + 1) * width_), width_, 0);
  note_last(b);
  note_last(b + 1);
}

void SortIndex::add_front() {
  Block fresh;
  fresh.reserve(kBlockEntries * width_);
  fresh.swap(head_);
  if (!tail_) tail_.reset(new Tail{{}, {fresh.end() - static_cast<std::ptrdiff_t>(width_), fresh.end()}});
  tail_->blocks.insert(tail_->blocks.begin(), std::move(fresh));
  tail_->lasts.insert(tail_->lasts.begin(), width_, 0);
}

void SortIndex::erase(Place place) {
  --size_;
  Block& block = block_at(place.block);
  const auto at = block.begin() + static_cast<std::ptrdiff_t>(place.entry);
  block.erase(at, at + static_cast<std::ptrdiff_t>(width_));
  if (!block.empty()) {
    if (place.entry == block.size()) note_last(place.block);
    return;
  }
  if (!tail_) return;
  const auto last = tail_->lasts.begin() + static_cast<std::ptrdiff_t>(place.block * width_);
  tail_->lasts.erase(last, last + static_cast<std::ptrdiff_t>(width_));
  const std::size_t gone = place.block == 0 ? 0 : place.block - 1;
  if (place.block == 0) head_.swap(tail_->blocks.front());
  tail_->blocks.erase(tail_->blocks.begin() + static_cast<std::ptrdiff_t>(gone));
  if (tail_->blocks.empty()) tail_.reset();
}

void SortIndex::clear() {
  size_ = 0;
  head_.clear();
  tail_.reset();
}

std::size_t SortIndex::bytes() const {
  std::size_t words = head_.capacity();
  if (!tail_) return words * sizeof(std::uint64_t);
  words += tail_->lasts.capacity();
  for (const Block& block : tail_->blocks) words += block.capacity();
  return words * sizeof(std::uint64_t) + sizeof(Tail) + tail_->blocks.capacity() * sizeof(Block);
}

}  // namespace dart::engine
