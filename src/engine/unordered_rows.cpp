#include "engine/unordered_rows.hpp"

#include <algorithm>

namespace dart::engine {

UnorderedRows::Slot UnorderedRows::find(std::uint64_t hash, Columns columns, std::size_t row) const {
  if (size_ == 0) return RowStore::kNone;
  const auto low = static_cast<std::uint32_t>(hash);
  for (std::uint32_t place = low & mask_;; place = (place + 1) & mask_) {
    const Entry& entry = entries_[place];
    if (entry.slot == RowStore::kNone) return RowStore::kNone;
    if (entry.hash != low) continue;
    bool equal = true;
    for (std::size_t k = 0; equal && k < identity_.size(); ++k) {
      equal = store_->equal_column(entry.slot, identity_[k], *columns[k], row);
    }
    if (equal) return entry.slot;
  }
}

void UnorderedRows::insert(std::uint64_t hash, Slot slot) {
  if (2 * (size_ + 1) > entries_.size()) grow();
  const auto low = static_cast<std::uint32_t>(hash);
  std::uint32_t place = low & mask_;
  while (entries_[place].slot != RowStore::kNone) place = (place + 1) & mask_;
  entries_[place] = {low, slot};
  ++size_;
}

void UnorderedRows::erase(std::uint64_t hash, Slot slot) {
  std::uint32_t hole = static_cast<std::uint32_t>(hash) & mask_;
  while (entries_[hole].slot != slot) hole = (hole + 1) & mask_;
  // Shift back the entries behind that would no longer be found past the hole.
  for (std::uint32_t next = (hole + 1) & mask_; entries_[next].slot != RowStore::kNone;
       next = (next + 1) & mask_) {
    if (((next - entries_[next].hash) & mask_) < ((next - hole) & mask_)) continue;
    entries_[hole] = entries_[next];
    hole = next;
  }
  entries_[hole].slot = RowStore::kNone;
  --size_;
}

void UnorderedRows::grow() {
  std::vector<Entry> old(std::max<std::size_t>(64, entries_.size() * 2));
  old.swap(entries_);
  mask_ = static_cast<std::uint32_t>(entries_.size() - 1);
  for (const Entry& entry : old) {
    if (entry.slot == RowStore::kNone) continue;
    std::uint32_t place = entry.hash & mask_;
    while (entries_[place].slot != RowStore::kNone) place = (place + 1) & mask_;
    entries_[place] = entry;
  }
}

}  // namespace dart::engine
