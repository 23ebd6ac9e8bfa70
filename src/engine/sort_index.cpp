#include "engine/sort_index.hpp"

#include <algorithm>
#include <bit>

#include "base/check.hpp"

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
  for (const plan::SortKey& key : keys) {
    const PhysicalType type = store.types()[key.column].physical();
    std::uint32_t words = type == PhysicalType::Int128 ? 2 : 1;
    if (words_ + words > kMaxWords) words = 0;
    words_ += words;
    keys_.push_back({key.column, type, key.descending, key.nulls_first, words});
  }
}

std::uint64_t SortOrder::word_of(const Key& key, Slot slot, std::uint64_t* second) const {
  if (store_->is_null(slot, key.column)) {
    if (second != nullptr) *second = 0;
    return key.nulls_first ? 0 : UINT64_MAX;
  }
  std::uint64_t word = 0;
  switch (key.type) {
    case PhysicalType::Bool:
      word = store_->get<std::uint8_t>(slot, key.column) + std::uint64_t{2};
      break;
    case PhysicalType::Int64:
      word = static_cast<std::uint64_t>(store_->get<std::int64_t>(slot, key.column)) ^ kSign;
      break;
    case PhysicalType::Double:
      word = ordered_bits(store_->get<double>(slot, key.column));
      break;
    case PhysicalType::Int128: {
      const auto value = static_cast<uint128>(store_->get<int128>(slot, key.column));
      word = static_cast<std::uint64_t>(value >> 64) ^ kSign;
      *second = static_cast<std::uint64_t>(value);
      if (key.descending) *second = ~*second;
      break;
    }
    case PhysicalType::String: {
      const StringRef text = store_->get<StringRef>(slot, key.column);
      unsigned char prefix[8] = {};
      std::memcpy(prefix, text.data(), std::min<std::size_t>(8, text.size()));
      for (const unsigned char byte : prefix) word = word << 8 | byte;
      break;
    }
  }
  if (key.descending) word = ~word;
  return std::clamp(word, kLowest, kHighest);
}

void SortOrder::encode(Slot slot, std::uint64_t* words) const {
  for (const Key& key : keys_) {
    if (key.words == 0) continue;
    words[0] = word_of(key, slot, key.words == 2 ? words + 1 : nullptr);
    words += key.words;
  }
}

int SortOrder::compare_key(const Key& key, Slot a, Slot b) const {
  const bool a_null = store_->is_null(a, key.column);
  const bool b_null = store_->is_null(b, key.column);
  if (a_null || b_null) {
    const int order = static_cast<int>(a_null) - static_cast<int>(b_null);
    return key.nulls_first ? -order : order;
  }
  const int order = store_->compare(a, b, key.column);
  return key.descending ? -order : order;
}

int SortOrder::compare(const std::uint64_t* a_words, Slot a, const std::uint64_t* b_words, Slot b) const {
  for (const Key& key : keys_) {
    bool exact = key.words > 0 && key.type != PhysicalType::String;
    for (std::uint32_t w = 0; w < key.words; ++w) {
      if (a_words[w] != b_words[w] && (exact || w == 0)) return a_words[w] < b_words[w] ? -1 : 1;
      exact = exact && !is_extreme(a_words[w]);
    }
    a_words += key.words;
    b_words += key.words;
    if (exact) continue;
    const int order = compare_key(key, a, b);
    if (order != 0) return order;
  }
  if (a == b) return 0;
  for (std::size_t c = 0; c < store_->types().size(); ++c) {
    const int order = store_->compare(a, b, c);
    if (order != 0) return order;
  }
  return 0;
}

SortIndex::Place SortIndex::find(const std::uint64_t* words, Slot slot) const {
  const auto before = [&](const std::uint64_t* entry) {
    return order_->compare(entry, static_cast<Slot>(entry[width_ - 1]), words, slot);
  };
  std::size_t low = 0;
  std::size_t high = blocks_.size();
  while (low < high) {  // the first block whose last entry is not before the row
    const std::size_t middle = (low + high) / 2;
    const std::vector<std::uint64_t>& block = blocks_[middle];
    if (before(block.data() + block.size() - width_) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == blocks_.size()) {
    return low == 0 ? Place{0, 0, false} : Place{low - 1, blocks_[low - 1].size(), false};
  }
  const std::vector<std::uint64_t>& block = blocks_[low];
  std::size_t first = 0;
  std::size_t last = block.size() / width_;
  while (first < last) {
    const std::size_t middle = (first + last) / 2;
    const int order = before(block.data() + middle * width_);
    if (order == 0) return {low, middle * width_, true};
    if (order < 0) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return {low, first * width_, false};
}

Slot SortIndex::insert(const std::uint64_t* words, Slot slot) {
  Place place = find(words, slot);
  if (blocks_.empty()) blocks_.emplace_back();
  if (place.found) return static_cast<Slot>(blocks_[place.block][place.entry + width_ - 1]);
  if (blocks_[place.block].size() == kBlockEntries * width_) {
    split(place.block);
    if (place.entry > blocks_[place.block].size()) {
      place.entry -= blocks_[place.block].size();
      ++place.block;
    }
  }
  std::vector<std::uint64_t>& block = blocks_[place.block];
  SortOrder::Words with{};
  std::copy_n(words, width_ - 1, with.begin());
  const auto at = block.insert(block.begin() + static_cast<std::ptrdiff_t>(place.entry), width_, slot);
  std::copy_n(with.begin(), width_ - 1, at);
  return slot;
}

void SortIndex::split(std::size_t block) {
  const std::size_t half = kBlockEntries / 2 * width_;
  std::vector<std::uint64_t> upper(blocks_[block].begin() + static_cast<std::ptrdiff_t>(half),
                                   blocks_[block].end());
  upper.reserve(kBlockEntries * width_);
  blocks_[block].resize(half);
  blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(block) + 1, std::move(upper));
}

void SortIndex::erase(const std::uint64_t* words, Slot slot) {
  const Place place = find(words, slot);
  DART_CHECK(place.found);
  std::vector<std::uint64_t>& block = blocks_[place.block];
  const auto at = block.begin() + static_cast<std::ptrdiff_t>(place.entry);
  block.erase(at, at + static_cast<std::ptrdiff_t>(width_));
  if (block.empty()) blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(place.block));
}

std::size_t SortIndex::bytes() const {
  std::size_t bytes = blocks_.capacity() * sizeof(blocks_[0]);
  for (const auto& block : blocks_) bytes += block.capacity() * sizeof(std::uint64_t);
  return bytes;
}

}  // namespace dart::engine
