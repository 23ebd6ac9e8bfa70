#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "columnar/vector.hpp"

namespace dart::engine {

/// Multiplies to 128 bits and folds: the mixing step of wyhash.
[[nodiscard]] inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const uint128 product = static_cast<uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

[[nodiscard]] inline std::uint64_t hash_word(std::uint64_t word) {
  return fold(word ^ 0x9E3779B97F4A7C15ULL, 0xD6E8FEB86659FD93ULL);
}

[[nodiscard]] inline std::uint64_t hash_combine(std::uint64_t seed, std::uint64_t hash) {
  return fold(seed ^ 0xA0761D6478BD642FULL, hash ^ 0xE7037ED1A0B428DBULL);
}

[[nodiscard]] std::uint64_t hash_bytes(const char* data, std::size_t size);

[[nodiscard]] inline std::uint64_t hash_of(std::uint8_t value) { return hash_word(value); }
[[nodiscard]] inline std::uint64_t hash_of(std::int64_t value) {
  return hash_word(static_cast<std::uint64_t>(value));
}
[[nodiscard]] inline std::uint64_t hash_of(int128 value) {
  return hash_combine(static_cast<std::uint64_t>(value),
                      static_cast<std::uint64_t>(static_cast<uint128>(value) >> 64));
}
/// Equal doubles hash alike: -0 as 0, every NaN as one.
[[nodiscard]] inline std::uint64_t hash_of(double value) {
  if (value == 0) value = 0;
  if (value != value) return 0x7FF8000000000000ULL;
  std::uint64_t word;
  static_assert(sizeof word == sizeof value);
  __builtin_memcpy(&word, &value, sizeof word);
  return hash_word(word);
}
[[nodiscard]] inline std::uint64_t hash_of(const columnar::StringRef& value) {
  if (value.is_inline())
    return fold(value.head() ^ 0x9E3779B97F4A7C15ULL, value.tail() ^ 0xD6E8FEB86659FD93ULL);
  return hash_bytes(value.data(), value.size());
}

inline constexpr std::uint64_t kNullHash = 0x6E756C6C6E756C6CULL;

/// hashes[k] of the columns' values at row first + k; no columns: one and the same hash.
void hash_rows(std::span<const columnar::Vector* const> columns, std::size_t first, std::size_t rows,
               std::uint64_t* hashes);

/// Equality of grouping and of Z-sets: NaN equals NaN.
template <class T>
[[nodiscard]] inline bool same(const T& a, const T& b) {
  return a == b;
}
template <>
[[nodiscard]] inline bool same<double>(const double& a, const double& b) {
  return a == b || (a != a && b != b);
}

}  // namespace dart::engine
