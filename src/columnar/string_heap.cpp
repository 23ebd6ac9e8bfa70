#include "columnar/string_heap.hpp"

#include <algorithm>

namespace dart::columnar {

void StringHeap::grow(std::size_t size) {
  constexpr std::size_t kSmallest = 1024;
  constexpr std::size_t kLargest = 256 * 1024;
  const std::size_t wanted = std::clamp(last_block_ * 2, kSmallest, kLargest);
  last_block_ = std::max(wanted, size);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(last_block_));
  next_ = blocks_.back().get();
  left_ = last_block_;
  total_ += last_block_;
}

void StringHeap::clear() {
  retained_.clear();
  if (blocks_.empty()) return;
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  next_ = blocks_.back().get();
  left_ = last_block_;
  total_ = last_block_;
}

}  // namespace dart::columnar
