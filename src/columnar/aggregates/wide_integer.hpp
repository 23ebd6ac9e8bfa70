#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/int128.hpp"
#include "base/result.hpp"

namespace dart::columnar {

/// A signed integer of N words, two's complement, 8-byte aligned: sums of integers and their squares that no
/// number of rows overflows. Arithmetic wraps at 64 * N bits.
template <std::size_t N>
class WideInteger {
 public:
  static_assert(N >= 2);

  void add(int128 value) {
    if constexpr (N == 2) {
      add_pair(static_cast<uint128>(value));
    } else {
      add_words(static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64), value < 0);
    }
  }
  void add(const WideInteger& other) {
    unsigned carry = 0;
    for (std::size_t i = 0; i < N; ++i) words_[i] = add_carry(words_[i], other.words_[i], carry);
  }
  void subtract(const WideInteger& other) {
    unsigned carry = 1;
    for (std::size_t i = 0; i < N; ++i) words_[i] = add_carry(words_[i], ~other.words_[i], carry);
  }
  void multiply(std::uint64_t factor) {
    uint128 carry = 0;
    for (std::uint64_t& word : words_) {
      carry += static_cast<uint128>(word) * factor;
      word = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
  }
  /// Adds value * weight.
  void add_times(int128 value, std::int64_t weight) {
    WideInteger product;
    product.add(value < 0 ? -value : value);
    product.multiply(magnitude(weight));
    (value < 0) == (weight < 0) ? add(product) : subtract(product);
  }
  /// Adds value^2 * weight.
  void add_square(int128 value, std::int64_t weight) {
    const uint128 absolute =
        value < 0 ? uint128{0} - static_cast<uint128>(value) : static_cast<uint128>(value);
    const auto low = static_cast<std::uint64_t>(absolute);
    const auto high = static_cast<std::uint64_t>(absolute >> 64);
    WideInteger product;
    product.words_[0] = low;
    product.words_[1] = high;
    WideInteger shifted = product;
    product.multiply(low);
    shifted.multiply(high);
    for (std::size_t i = N - 1; i > 0; --i) shifted.words_[i] = shifted.words_[i - 1];
    shifted.words_[0] = 0;
    product.add(shifted);
    product.multiply(magnitude(weight));
    weight < 0 ? subtract(product) : add(product);
  }

  [[nodiscard]] bool is_negative() const { return words_[N - 1] >> 63 != 0; }
  /// Whether the value is one of int128; then `low128` is that value.
  [[nodiscard]] bool fits128() const {
    const std::uint64_t fill = words_[1] >> 63 != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = 2; i < N; ++i) {
      if (words_[i] != fill) return false;
    }
    return true;
  }
  [[nodiscard]] int128 low128() const {
    return static_cast<int128>((static_cast<uint128>(words_[1]) << 64) | words_[0]);
  }
  [[nodiscard]] const std::array<std::uint64_t, N>& words() const { return words_; }

  void serialize(ByteWriter& out) const { out.fixed(words_); }
  Status deserialize(ByteReader& in) {
    DART_TRY(words_, (in.fixed<std::array<std::uint64_t, N>>()));
    return {};
  }

 private:
  static std::uint64_t magnitude(std::int64_t value) {
    return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                     : static_cast<std::uint64_t>(value);
  }
  static std::uint64_t add_carry(std::uint64_t a, std::uint64_t b, unsigned& carry) {
    const uint128 sum = static_cast<uint128>(a) + b + carry;
    carry = static_cast<unsigned>(sum >> 64);
    return static_cast<std::uint64_t>(sum);
  }
  void add_pair(uint128 value) {
    const uint128 sum = static_cast<uint128>(low128()) + value;
    words_[0] = static_cast<std::uint64_t>(sum);
    words_[1] = static_cast<std::uint64_t>(sum >> 64);
  }
  void add_words(std::uint64_t low, std::uint64_t high, bool negative) {
    const std::uint64_t fill = negative ? ~std::uint64_t{0} : 0;
    unsigned carry = 0;
    words_[0] = add_carry(words_[0], low, carry);
    words_[1] = add_carry(words_[1], high, carry);
    for (std::size_t i = 2; i < N; ++i) words_[i] = add_carry(words_[i], fill, carry);
  }

  std::array<std::uint64_t, N> words_{};
};

}  // namespace dart::columnar
