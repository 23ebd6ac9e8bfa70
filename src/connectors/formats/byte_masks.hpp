#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace dart::connectors {

/// Bit i tells about byte i of 64.
struct ByteMasks {
  std::uint64_t delimiter;
  std::uint64_t newline;
  std::uint64_t quote;
};

/// Compares 64 bytes with three wanted ones, eight bytes at a time in plain integers; for any machine.
class PortableScanner {
 public:
  PortableScanner(char delimiter, char newline, char quote)
      : delimiter_(spread(delimiter)), newline_(spread(newline)), quote_(spread(quote)) {}

  ByteMasks scan(const char* bytes) {
    ByteMasks masks{};
    for (unsigned i = 0; i < 64; i += 8) {
      std::uint64_t word = 0;
      for (unsigned b = 0; b < 8; ++b) {
        word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i + b])) << (8 * b);
      }
      seen_ |= word;
      masks.delimiter |= equal(word, delimiter_) << i;
      masks.newline |= equal(word, newline_) << i;
      masks.quote |= equal(word, quote_) << i;
    }
    return masks;
  }
  [[nodiscard]] bool saw_non_ascii() const { return (seen_ & kHighBits) != 0; }

 private:
  static constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  static constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  static std::uint64_t spread(char c) { return kOnes * static_cast<unsigned char>(c); }
  /// Bit b of the result: byte b of both is the same.
  static std::uint64_t equal(std::uint64_t word, std::uint64_t wanted) {
    const std::uint64_t x = word ^ wanted;
    const std::uint64_t zero = ~(((x & ~kHighBits) + ~kHighBits) | x) & kHighBits;
    return ((zero >> 7) * 0x0102040810204080ULL) >> 56;
  }

  std::uint64_t delimiter_;
  std::uint64_t newline_;
  std::uint64_t quote_;
  std::uint64_t seen_ = 0;
};

#if defined(__SSE2__)
/// The same with the 16-byte registers that every x86-64 has.
class FastScanner {
 public:
  FastScanner(char delimiter, char newline, char quote)
      : delimiter_(_mm_set1_epi8(delimiter)),
        newline_(_mm_set1_epi8(newline)),
        quote_(_mm_set1_epi8(quote)) {}

  ByteMasks scan(const char* bytes) {
    ByteMasks masks{};
    for (unsigned i = 0; i < 64; i += 16) {
      const __m128i word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
      seen_ = _mm_or_si128(seen_, word);
      masks.delimiter |= equal(word, delimiter_) << i;
      masks.newline |= equal(word, newline_) << i;
      masks.quote |= equal(word, quote_) << i;
    }
    return masks;
  }
  [[nodiscard]] bool saw_non_ascii() const { return _mm_movemask_epi8(seen_) != 0; }

 private:
  static std::uint64_t equal(__m128i word, __m128i wanted) {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(word, wanted)));
  }

  __m128i delimiter_;
  __m128i newline_;
  __m128i quote_;
  __m128i seen_ = _mm_setzero_si128();
};
#else
using FastScanner = PortableScanner;
#endif

/// Bit i of the result: the number of bits set in 0..i is odd.
constexpr std::uint64_t prefix_xor(std::uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

}  // namespace dart::connectors
