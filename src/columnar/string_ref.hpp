#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace dart::columnar {

/// A string of a vector in 16 bytes: length, then either up to 12 bytes in place (padded with zeros),
/// or a prefix of 4 bytes and a pointer into a heap that the vector keeps alive. The padding makes two
/// short strings equal exactly when their 16 bytes are.
class StringRef {
 public:
  static constexpr std::uint32_t kInline = 12;

  StringRef() = default;
  /// Does not copy bytes beyond 12: `text` must outlive this view unless it is short.
  explicit StringRef(std::string_view text) : size_(static_cast<std::uint32_t>(text.size())) {
    if (size_ <= kInline) {
      if (size_ > 0) std::memcpy(tail_, text.data(), size_);
    } else {
      const char* pointer = text.data();
      std::memcpy(tail_, pointer, 4);
      std::memcpy(tail_ + 4, &pointer, sizeof pointer);
    }
  }

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool is_inline() const { return size_ <= kInline; }
  [[nodiscard]] const char* data() const {
    if (is_inline()) return tail_;
    const char* pointer;
    std::memcpy(&pointer, tail_ + 4, sizeof pointer);
    return pointer;
  }
  /// For a short string the view points into this object.
  [[nodiscard]] std::string_view view() const { return {data(), size_}; }

  /// The 16 bytes as two words, for hashing and fast comparison.
  [[nodiscard]] std::uint64_t head() const {
    std::uint64_t word;
    std::memcpy(&word, this, 8);
    return word;
  }
  [[nodiscard]] std::uint64_t tail() const {
    std::uint64_t word;
    std::memcpy(&word, tail_ + 4, 8);
    return word;
  }

  friend bool operator==(const StringRef& a, const StringRef& b) {
    if (a.head() != b.head()) return false;
    if (a.is_inline()) return a.tail() == b.tail();
    return a.tail() == b.tail() || std::memcmp(a.data(), b.data(), a.size_) == 0;
  }
  /// By bytes, as PostgreSQL's collation "C".
  friend std::strong_ordering operator<=>(const StringRef& a, const StringRef& b) {
    return a.view() <=> b.view();
  }

 private:
  std::uint32_t size_ = 0;
  char tail_[12] = {};
};
static_assert(sizeof(StringRef) == 16);

}  // namespace dart::columnar
