#include "engine/exchange/frame.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace dart::engine::exchange {
namespace {

LinkId some_link() { return {Key{7, 9}, 3, 1, 2, UINT32_MAX}; }

std::vector<Frame> frames() {
  DataFrame data{some_link(), UINT64_MAX, false, 5, "bytes", true};
  DataFrame compressed{some_link(), 1, true, 4096, "short"};
  RowsFrame rows{4, true, 2, 1000, 7, true, {"{\"a\":1}", "", "x"}};
  return {data,
          compressed,
          AckFrame{some_link(), 12, 1ULL << 40, true},
          FencedFrame{Key{1, 2}, 8},
          FetchRowsFrame{1, Key{3, 4}, 5, 600},
          rows,
          RowsFrame{},
          FetchStateFrame{2, Key{5, 6}, 9, 3, 1, 4, 1U << 20},
          StateFrame{2, true, 100, 40, "sixty bytes would fit here"}};
}

TEST(Frame, ComesBackAsItWas) {
  for (const Frame& frame : frames()) {
    const std::string bytes = encode(frame);
    const auto decoded = decode(bytes);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(decoded->index(), frame.index());
    EXPECT_EQ(encode(*decoded), bytes);
  }
}

TEST(Frame, CarriesItsFields) {
  const std::string bytes = encode(frames()[0]);
  const auto decoded = decode(bytes);
  ASSERT_TRUE(decoded.has_value());
  const auto& data = std::get<DataFrame>(*decoded);
  EXPECT_EQ(data.link, some_link());
  EXPECT_EQ(data.sequence, UINT64_MAX);
  EXPECT_EQ(data.plain_bytes, 5U);
  EXPECT_EQ(data.bytes, "bytes");
  EXPECT_TRUE(data.continues);
  EXPECT_FALSE(data.compressed);

  const std::string rows_bytes = encode(frames()[5]);
  const auto decoded_rows = decode(rows_bytes);
  ASSERT_TRUE(decoded_rows.has_value());
  const auto& rows = std::get<RowsFrame>(*decoded_rows);
  EXPECT_EQ(rows.lines, (std::vector<std::string_view>{"{\"a\":1}", "", "x"}));
  EXPECT_EQ(rows.missed, 7U);
  EXPECT_TRUE(rows.ended);
}

TEST(Frame, TruncatedOrLengthenedIsRefused) {
  for (const Frame& frame : frames()) {
    const std::string bytes = encode(frame);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size)).has_value());
    }
    EXPECT_FALSE(decode(bytes + '\0').has_value());
  }
}

TEST(Frame, ChangedBytesGiveAnErrorOrAFrame) {
  Random random(1);
  for (const Frame& frame : frames()) {
    const std::string good = encode(frame);
    for (int i = 0; i < 500; ++i) {
      std::string bytes = good;
      for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
        bytes[random.below(bytes.size())] = static_cast<char>(random.next());
      }
      if (const auto decoded = decode(bytes)) {
        EXPECT_TRUE(decode(encode(*decoded)).has_value());
      }
    }
  }
}

TEST(Frame, WrongSizesAreRefused) {
  EXPECT_FALSE(decode(encode(DataFrame{some_link(), 1, false, 4, "bytes"})).has_value());
  EXPECT_FALSE(decode(encode(DataFrame{some_link(), 1, true, 5, "bytes"})).has_value());
  EXPECT_FALSE(decode(encode(DataFrame{some_link(), 1, true, kFramePlainBytes + 1, "bytes"})).has_value());
  EXPECT_FALSE(decode(encode(DataFrame{some_link(), 0, false, 5, "bytes"})).has_value());
  EXPECT_FALSE(decode(encode(StateFrame{1, true, 10, 6, "bytes"})).has_value());
  EXPECT_FALSE(decode(encode(StateFrame{1, true, 10, 11, ""})).has_value());
  EXPECT_FALSE(decode("\x08").has_value());
}

}  // namespace
}  // namespace dart::engine::exchange
