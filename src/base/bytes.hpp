#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.hpp"

namespace dart {

/// Appends little-endian fixed-width numbers, variable-length integers and strings to a byte string.
class ByteWriter {
 public:
  template <class T>
  void fixed(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  void text(std::string_view value) {
    varint(value.size());
    bytes_.append(value);
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a ByteWriter wrote. Every read is bounds-checked: wrong bytes give an Error, never a crash.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  [[nodiscard]] Result<T> fixed() {
    static_assert(std::is_trivially_copyable_v<T>);
    if (rest_.size() < sizeof(T)) return truncated();
    T value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  [[nodiscard]] Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return truncated();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return fail(ErrorCode::Data, "a variable-length integer is longer than 64 bits");
  }
  /// The view points into the bytes being read.
  [[nodiscard]] Result<std::string_view> text() {
    DART_TRY(const std::uint64_t size, varint());
    if (size > rest_.size()) return truncated();
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  /// A count of items that each take at least one more byte, so that it cannot ask for absurd memory.
  [[nodiscard]] Result<std::size_t> count() {
    DART_TRY(const std::uint64_t value, varint());
    if (value > rest_.size()) return truncated();
    return static_cast<std::size_t>(value);
  }

  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

 private:
  static tl::unexpected<Error> truncated() { return fail(ErrorCode::Data, "the bytes end too early"); }

  std::string_view rest_;
};

}  // namespace dart
