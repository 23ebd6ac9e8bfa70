#include "columnar/functions/md5.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace dart::columnar {
namespace {

constexpr std::size_t kBlock = 64;

// RFC 1321: entry i is the whole part of 2^32 * |sin(i + 1)|.
std::array<std::uint32_t, 64> make_sines() {
  std::array<std::uint32_t, 64> sines{};
  for (std::size_t i = 0; i < sines.size(); ++i) {
    sines[i] =
        static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(static_cast<double>(i + 1))) * 0x1p32));
  }
  return sines;
}

using State = std::array<std::uint32_t, 4>;

void add_block(const char* block, State& state) {
  static const auto kSines = make_sines();
  constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  std::array<std::uint32_t, 16> words{};
  for (std::size_t i = 0; i < kBlock; ++i) {
    words[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(block[i])) << (8 * (i % 4));
  }
  auto [a, b, c, d] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    std::uint32_t mixed = 0;
    std::size_t word = 0;
    switch (i / 16) {
      case 0:
        mixed = (b & c) | (~b & d);
        word = i;
        break;
      case 1:
        mixed = (d & b) | (~d & c);
        word = (5 * i + 1) % 16;
        break;
      case 2:
        mixed = b ^ c ^ d;
        word = (3 * i + 5) % 16;
        break;
      default:
        mixed = c ^ (b | ~d);
        word = (7 * i) % 16;
    }
    const std::uint32_t turned = std::rotl(a + mixed + kSines[i] + words[word], kShifts[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

void append_md5(std::string_view bytes, std::string& out) {
  State state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  std::size_t at = 0;
  for (; at + kBlock <= bytes.size(); at += kBlock) add_block(bytes.data() + at, state);
  // The rest, a one bit, zeros, and the length in bits.
  std::string tail(bytes.substr(at));
  tail += '\x80';
  tail.resize(tail.size() + (kBlock + 56 - tail.size() % kBlock) % kBlock, '\0');
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (unsigned i = 0; i < 8; ++i) tail += static_cast<char>(bits >> (8 * i));
  for (at = 0; at < tail.size(); at += kBlock) add_block(tail.data() + at, state);
  for (const std::uint32_t word : state) {
    for (unsigned i = 0; i < 4; ++i) {
      const std::uint32_t byte = word >> (8 * i) & 0xFFU;
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15U];
    }
  }
}

}  // namespace dart::columnar
