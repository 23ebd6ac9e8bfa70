#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/int128.hpp"
#include "base/random.hpp"

namespace dart {

/// A point on the circle of 2^128: the name of a node, or a key. Read as 32 digits of 4 bits, most
/// significant first.
struct NodeId {
  static constexpr unsigned kDigits = 32;
  static constexpr unsigned kBase = 16;

  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend constexpr auto operator<=>(const NodeId&, const NodeId&) = default;

  [[nodiscard]] constexpr uint128 number() const { return (static_cast<uint128>(high) << 64) | low; }
  [[nodiscard]] static constexpr NodeId from_number(uint128 value) {
    return {static_cast<std::uint64_t>(value >> 64), static_cast<std::uint64_t>(value)};
  }
  /// Digit `index` (0 is the most significant).
  [[nodiscard]] constexpr unsigned digit(unsigned index) const {
    const std::uint64_t word = index < 16 ? high : low;
    return static_cast<unsigned>(word >> (60 - 4 * (index & 15U))) & 15U;
  }
  /// How many leading digits two ids share: 0 to 32.
  [[nodiscard]] constexpr unsigned shared_digits(const NodeId& other) const {
    const std::uint64_t upper = high ^ other.high;
    if (upper != 0) return static_cast<unsigned>(std::countl_zero(upper)) / 4;
    const std::uint64_t lower = low ^ other.low;
    return lower == 0 ? kDigits : 16 + static_cast<unsigned>(std::countl_zero(lower)) / 4;
  }
  /// The way from here to `other` in the direction of growing ids.
  [[nodiscard]] constexpr uint128 clockwise_to(const NodeId& other) const {
    return other.number() - number();
  }
  /// The shorter way round.
  [[nodiscard]] constexpr uint128 distance_to(const NodeId& other) const {
    const uint128 way = clockwise_to(other);
    const uint128 back = uint128{0} - way;
    return way < back ? way : back;
  }
  [[nodiscard]] constexpr bool is_zero() const { return high == 0 && low == 0; }
  /// 32 hexadecimal digits.
  [[nodiscard]] std::string text() const;
  /// The first digits only, for people to read.
  [[nodiscard]] std::string short_text() const { return text().substr(0, 8); }
  /// The opposite of text(); nothing when `text` is not 32 hexadecimal digits.
  [[nodiscard]] static std::optional<NodeId> parse(std::string_view text);
  [[nodiscard]] static constexpr NodeId draw(Random& random) {
    const std::uint64_t upper = random.next();
    return {upper, random.next()};
  }
};

/// What is looked up: its root is the live node whose id is numerically closest.
using Key = NodeId;

/// Whether `a` is a better root for `key` than `b`: closer, and among two equally close the smaller id.
[[nodiscard]] constexpr bool closer(const Key& key, const NodeId& a, const NodeId& b) {
  const uint128 to_a = key.distance_to(a);
  const uint128 to_b = key.distance_to(b);
  return to_a != to_b ? to_a < to_b : a < b;
}

}  // namespace dart
