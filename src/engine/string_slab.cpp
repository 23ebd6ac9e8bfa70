#include "engine/string_slab.hpp"

#include <algorithm>

namespace dart::engine {

char* StringSlab::cut(std::size_t size) {
  const std::size_t bytes = class_of(size) * kStep;
  if (bytes > left_) {
    blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kBlock));
    left_ = kBlock;
  }
  left_ -= bytes;
  return reinterpret_cast<char*>(blocks_.back().get() + left_);
}

void StringSlab::clear() {
  blocks_.clear();
  left_ = 0;
  std::fill(std::begin(free_), std::end(free_), nullptr);
}

}  // namespace dart::engine
