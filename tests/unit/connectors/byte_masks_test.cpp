#include "connectors/formats/byte_masks.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace dart::connectors {
namespace {

TEST(ByteMasks, TheFastScannerAgreesWithThePortableOne) {
  Random random(7);
  for (int run = 0; run < 2000; ++run) {
    char bytes[64];
    const std::uint64_t range = run % 2 == 0 ? 256 : 4;
    for (char& byte : bytes) byte = static_cast<char>(',' - 1 + static_cast<int>(random.below(range)));
    FastScanner fast(',', '\n', '-');
    PortableScanner portable(',', '\n', '-');
    const ByteMasks a = fast.scan(bytes);
    const ByteMasks b = portable.scan(bytes);
    ASSERT_EQ(a.delimiter, b.delimiter);
    ASSERT_EQ(a.newline, b.newline);
    ASSERT_EQ(a.quote, b.quote);
    ASSERT_EQ(fast.saw_non_ascii(), portable.saw_non_ascii());
    for (unsigned i = 0; i < 64; ++i) ASSERT_EQ((b.delimiter >> i) & 1U, bytes[i] == ',' ? 1U : 0U);
  }
}

TEST(ByteMasks, PrefixXorMarksTheInsideOfPairs) {
  EXPECT_EQ(prefix_xor(0), 0U);
  EXPECT_EQ(prefix_xor(0b1000100), 0b0111100U);
  EXPECT_EQ(prefix_xor(1), ~std::uint64_t{0});
}

}  // namespace
}  // namespace dart::connectors
