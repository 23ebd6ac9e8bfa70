#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "columnar/string_ref.hpp"

namespace dart::columnar {

/// Owns the bytes of the long strings of vectors. Grows by blocks that never move, so a StringRef stays
/// good for as long as the heap lives; a heap may keep others alive whose strings were passed on.
class StringHeap {
 public:
  /// Copies the text; a short one is held by the StringRef itself and takes no room here.
  StringRef add(std::string_view text) {
    if (text.size() <= StringRef::kInline) return StringRef(text);
    char* place = allocate(text.size());
    std::memcpy(place, text.data(), text.size());
    return StringRef(std::string_view(place, text.size()));
  }
  /// Room for `size` bytes that the caller fills, then wraps into a StringRef.
  char* allocate(std::size_t size) {
    if (size > left_) grow(size);
    char* place = next_;
    next_ += size;
    left_ -= size;
    return place;
  }
  /// Keeps alive the owner of strings that live elsewhere: another heap, a mapped file.
  void retain(std::shared_ptr<const void> other) {
    if (other && other.get() != this && (retained_.empty() || retained_.back() != other)) {
      retained_.push_back(std::move(other));
    }
  }
  [[nodiscard]] std::size_t bytes() const { return total_; }
  /// Forgets all strings and retained heaps, keeps the newest block. Only for a heap nobody shares.
  void clear();

 private:
  void grow(std::size_t size);

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::shared_ptr<const void>> retained_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t last_block_ = 0;
  std::size_t total_ = 0;
};

}  // namespace dart::columnar
