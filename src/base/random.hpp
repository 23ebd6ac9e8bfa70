#pragma once

#include <cstdint>

#include "base/int128.hpp"

namespace dart {

/// The finaliser of splitmix64 over i * golden ratio + golden ratio: a fixed function that spreads
/// consecutive numbers over all 64 bits (Steele, Lea and Flood, OOPSLA 2014).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t i) {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL;
  std::uint64_t z = i * kGolden + kGolden;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// A small seeded generator (splitmix64). Standard distributions differ between libraries and would
/// break replay; this one is the same everywhere.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() { return mix64(state_++); }
  /// Uniform in [0, bound); bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<uint128>(next()) * bound) >> 64);
  }
  constexpr bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) < numerator;
  }
  /// Uniform in [0, 1).
  constexpr double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// An independent generator for one purpose: a new draw here shifts nothing there.
  [[nodiscard]] constexpr Random split(std::uint64_t label) const {
    return Random(mix64(state_ ^ mix64(label)));
  }

 private:
  std::uint64_t state_;
};

}  // namespace dart
