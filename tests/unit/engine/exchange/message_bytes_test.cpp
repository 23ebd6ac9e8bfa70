#include "engine/exchange/message_bytes.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "columnar/value.hpp"
#include "engine/exchange/column_bytes.hpp"

namespace dart::engine::exchange {
namespace {

using columnar::LogicalType;
using columnar::TypeId;

constexpr LinkId kLink{Key{1, 2}, 1, 4, 5, 6};

RowLayout some_layout(bool weighted, bool stepped) {
  return {{LogicalType::of(TypeId::BigInt), LogicalType::of(TypeId::Text), LogicalType::of(TypeId::Bool),
           LogicalType::numeric(30, 2), LogicalType::of(TypeId::Double)},
          weighted,
          stepped};
}

Vector numbers(std::size_t rows, std::int64_t first, std::int64_t step) {
  Vector vector(LogicalType::of(TypeId::BigInt));
  vector.reset(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    vector.mutable_data<std::int64_t>()[r] = first + step * static_cast<std::int64_t>(r);
  }
  return vector;
}

Chunk some_chunk(const RowLayout& layout, std::size_t rows, std::size_t text_bytes = 20) {
  Chunk chunk;
  chunk.rows = rows;
  for (const LogicalType type : layout.types) {
    Vector& column = chunk.columns.emplace_back(type);
    column.reset(rows);
    columnar::visit_physical(type.physical(), [&](auto tag) {
      using T = decltype(tag);
      for (std::size_t r = 0; r < rows; ++r) {
        if constexpr (std::is_same_v<T, columnar::StringRef>) {
          column.mutable_data<T>()[r] = column.heap().add(std::string(text_bytes, 'a') + std::to_string(r));
        } else {
          column.mutable_data<T>()[r] = static_cast<T>(r % 2);
        }
      }
    });
    for (std::size_t r = 3; r < rows; r += 7) column.set_null(r);
  }
  if (layout.weighted) chunk.weights = numbers(rows, 1, 1);
  if (layout.stepped) chunk.steps = numbers(rows, 100, 2);
  return chunk;
}

/// Rows as text with weight and step.
std::vector<std::string> lines(const Chunk& chunk) {
  std::vector<std::string> all;
  for (std::size_t r = 0; r < chunk.rows; ++r) {
    std::string line = std::to_string(chunk.weight(r)) + '@';
    if (const std::int64_t* steps = chunk.step_data()) line += std::to_string(steps[r]);
    for (const Vector& column : chunk.columns) {
      line += '|' + column.value(r).to_string();
    }
    all.push_back(std::move(line));
  }
  return all;
}

std::string bytes_of(const Message& message, const RowLayout& layout) {
  ByteWriter out;
  write_message(message, layout, out);
  return out.take();
}

Result<Message> message_of(std::string_view bytes, const RowLayout& layout) {
  ByteReader in(bytes);
  return read_message(layout, in);
}

TEST(MessageBytes, RowsComeBackWithWeightsAndSteps) {
  for (const bool weighted : {false, true}) {
    for (const bool stepped : {false, true}) {
      const RowLayout layout = some_layout(weighted, stepped);
      const Chunk chunk = some_chunk(layout, 50);
      const auto read = message_of(bytes_of({0, chunk}, layout), layout);
      ASSERT_TRUE(read.has_value()) << read.error().message;
      const auto& back = std::get<Chunk>(read->content);
      EXPECT_EQ(lines(back), lines(chunk));
      EXPECT_EQ(back.weights.is_present(), weighted);
      EXPECT_EQ(back.steps.is_present(), stepped);
    }
  }
}

TEST(MessageBytes, MarksComeBack) {
  const RowLayout layout = some_layout(true, true);
  const auto progress = message_of(bytes_of({0, Progress{3, 9, {70}, {80}}}, layout), layout);
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(std::get<Progress>(progress->content).last, 9);
  EXPECT_EQ(std::get<Progress>(progress->content).origin_last, TimePoint{80});
  const auto watermark = message_of(bytes_of({0, Watermark{kMaxEventTime}}, layout), layout);
  ASSERT_TRUE(watermark.has_value());
  EXPECT_EQ(std::get<Watermark>(watermark->content).time, kMaxEventTime);
  const auto barrier = message_of(bytes_of({0, Barrier{77}}, layout), layout);
  ASSERT_TRUE(barrier.has_value());
  EXPECT_EQ(std::get<Barrier>(barrier->content).id, 77U);
  const auto end = message_of(bytes_of({0, End{}}, layout), layout);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(std::holds_alternative<End>(end->content));
}

TEST(MessageBytes, WeightsAreMadeAndDroppedAsTheExchangeHasThem) {
  const Chunk plain = some_chunk(some_layout(false, false), 5);
  const RowLayout weighted = some_layout(true, false);
  const auto read = message_of(bytes_of({0, plain}, weighted), weighted);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(std::get<Chunk>(read->content).weights.is_present());
  EXPECT_EQ(lines(std::get<Chunk>(read->content)), lines(plain));

  Chunk ones = plain;
  ones.weights = numbers(5, 1, 0);
  const RowLayout layout = some_layout(false, false);
  const auto dropped = message_of(bytes_of({0, ones}, layout), layout);
  ASSERT_TRUE(dropped.has_value());
  EXPECT_FALSE(std::get<Chunk>(dropped->content).weights.is_present());
}

TEST(MessageBytes, RowsWithoutColumnsKeepTheirNumber) {
  const RowLayout layout{{}, true, false};
  Chunk chunk;
  chunk.rows = 2000;
  chunk.weights = numbers(2000, 1, 1);
  const auto read = message_of(bytes_of({0, chunk}, layout), layout);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_TRUE(std::get<Chunk>(read->content).columns.empty());
  EXPECT_EQ(lines(std::get<Chunk>(read->content)), lines(chunk));
}

TEST(MessageBytes, AChunkWithoutRowsIsLeftOut) {
  const RowLayout layout = some_layout(true, true);
  EXPECT_EQ(bytes_of({0, Chunk{}}, layout), "");
  const Message message{0, Chunk{}};
  EXPECT_TRUE(write_contents({&message, 1}, layout).empty());
}

TEST(MessageBytes, OtherWeightsOrStepsThanTheExchangeHasAreRefused) {
  const RowLayout plain = some_layout(false, false);
  const RowLayout weighted = some_layout(true, false);
  const RowLayout stepped = some_layout(false, true);
  const std::string bytes = bytes_of({0, some_chunk(plain, 5)}, plain);
  EXPECT_FALSE(message_of(bytes, weighted).has_value());
  EXPECT_FALSE(message_of(bytes, stepped).has_value());
  EXPECT_FALSE(message_of(bytes_of({0, some_chunk(weighted, 5)}, weighted), plain).has_value());
  EXPECT_FALSE(message_of(bytes_of({0, some_chunk(stepped, 5)}, stepped), plain).has_value());
  EXPECT_FALSE(message_of(bytes_of({0, Progress{4, 3, {}, {}}}, plain), plain).has_value());
  Chunk zero = some_chunk(weighted, 5);
  zero.weights = numbers(5, 0, 1);
  EXPECT_FALSE(message_of(bytes_of({0, zero}, weighted), weighted).has_value());
}

TEST(MessageBytes, TruncatedAndChangedBytesGiveAnErrorOrAMessage) {
  const RowLayout layout = some_layout(true, true);
  Random random(1);
  for (const Message& message : {Message{0, some_chunk(layout, 9)}, Message{0, Progress{1, 2, {3}, {4}}},
                                 Message{0, Watermark{5}}, Message{0, Barrier{6}}}) {
    const std::string good = bytes_of(message, layout);
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_FALSE(message_of(std::string_view(good).substr(0, size), layout).has_value());
    }
    for (int i = 0; i < 2000; ++i) {
      std::string bytes = good;
      for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
        bytes[random.below(bytes.size())] = static_cast<char>(random.next());
      }
      const auto read = message_of(bytes, layout);
      if (!read) continue;
      if (const auto* chunk = std::get_if<Chunk>(&read->content)) chunk->verify();
      EXPECT_TRUE(message_of(bytes_of(*read, layout), layout).has_value());
    }
  }
}

TEST(MessageBytes, ContentsHoldTheMessagesInOrderAndStayWithinAFrame) {
  const RowLayout layout = some_layout(true, true);
  const std::vector<Message> messages{
      {0, some_chunk(layout, 2048, 300)}, {0, Progress{1, 5000, {}, {}}},    {0, Watermark{9}},
      {0, some_chunk(layout, 10)},        {0, Progress{5001, 5002, {}, {}}}, {0, End{}}};
  const std::vector<Content> contents = write_contents(messages, layout);
  EXPECT_GT(contents.size(), 5U);
  EXPECT_LT(contents.size(), 30U);
  std::vector<std::string> rows;
  std::vector<std::size_t> kinds;
  std::uint64_t counted = 0;
  for (const Content& content : contents) {
    EXPECT_LT(content.bytes.size(), limits::kFrameBytes / 2);
    counted += content.rows;
    const auto read = read_content(kLink, layout, content.bytes);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    for (const Message& message : *read) {
      EXPECT_EQ(message.exchange, 4U);
      EXPECT_EQ(message.sender, 5U);
      EXPECT_EQ(message.receiver, 6U);
      if (kinds.empty() || kinds.back() != message.content.index()) kinds.push_back(message.content.index());
      if (const auto* chunk = std::get_if<Chunk>(&message.content)) {
        for (std::string& line : lines(*chunk)) rows.push_back(std::move(line));
      }
    }
  }
  std::vector<std::string> expected = lines(std::get<Chunk>(messages[0].content));
  for (std::string& line : lines(std::get<Chunk>(messages[3].content))) expected.push_back(std::move(line));
  EXPECT_EQ(rows, expected);
  EXPECT_EQ(counted, 2058U);
  EXPECT_EQ(kinds, (std::vector<std::size_t>{0, 1, 2, 0, 1, messages[5].content.index()}));
}

TEST(MessageBytes, RowsOfVeryDifferentSizesStayWithinAFrame) {
  const RowLayout layout{{LogicalType::of(TypeId::Text)}, false, false};
  Chunk chunk;
  chunk.rows = 2048;
  Vector& column = chunk.columns.emplace_back(layout.types[0]);
  column.reset(chunk.rows);
  for (std::size_t r = 0; r < chunk.rows; ++r) {
    column.mutable_data<columnar::StringRef>()[r] = column.heap().add(std::string(r < 10 ? 200'000 : 3, 'x'));
  }
  const Message message{0, chunk};
  std::uint64_t rows = 0;
  for (const Content& content : write_contents({&message, 1}, layout)) {
    EXPECT_LT(content.bytes.size(), limits::kFrameBytes / 2);
    rows += content.rows;
  }
  EXPECT_EQ(rows, 2048U);
}

TEST(MessageBytes, AConstantBecomesAValueForEveryRow) {
  const RowLayout layout{{LogicalType::of(TypeId::BigInt), LogicalType::of(TypeId::Text)}, false, false};
  Chunk chunk;
  chunk.rows = 3;
  for (const LogicalType type : layout.types) {
    Vector& column = chunk.columns.emplace_back(type);
    column.reset(1);
    if (type.id == TypeId::BigInt) column.mutable_data<std::int64_t>()[0] = 42;
    if (type.id == TypeId::Text) {
      column.mutable_data<columnar::StringRef>()[0] = column.heap().add("a text that is not short");
    }
    column.make_constant();
  }
  const auto read = message_of(bytes_of({0, chunk}, layout), layout);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const auto& back = std::get<Chunk>(read->content);
  EXPECT_EQ(lines(back), lines(chunk));
  for (const Vector& column : back.columns) EXPECT_FALSE(column.is_constant());
}

TEST(MessageBytes, MoreRowsThanAChunkMayHaveBecomeSeveralChunks) {
  const RowLayout layout{{}, false, false};
  Chunk chunk;
  chunk.rows = 2 * kMostChunkRows + 1;
  const auto read = read_content(kLink, layout, bytes_of({0, chunk}, layout));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  std::size_t rows = 0;
  for (const Message& message : *read) rows += std::get<Chunk>(message.content).rows;
  EXPECT_EQ(read->size(), 3U);
  EXPECT_EQ(rows, chunk.rows);
}

TEST(MessageBytes, FewBytesNeverBecomeManyMessagesOrRows) {
  const std::string end = bytes_of({0, End{}}, {});
  std::string ends;
  for (int i = 0; i < 100'000; ++i) ends += end;
  EXPECT_FALSE(read_content(kLink, {}, ends).has_value());
  ByteWriter rows;
  rows.fixed<std::uint8_t>(1);
  rows.varint(kMostChunkRows + 1);
  rows.fixed<std::uint8_t>(0);
  EXPECT_FALSE(message_of(rows.bytes(), {}).has_value());
}

TEST(MessageBytes, NumbersWhoseDifferencesOverflowAreRefused) {
  const RowLayout layout = some_layout(false, true);
  EXPECT_FALSE(message_of(bytes_of({0, Progress{INT64_MIN, INT64_MAX, {}, {}}}, layout), layout).has_value());
  EXPECT_FALSE(message_of(bytes_of({0, Progress{0, 1, {INT64_MIN}, {}}}, layout), layout).has_value());
  Chunk chunk = some_chunk(layout, 2);
  chunk.steps = numbers(2, INT64_MIN, 1);
  EXPECT_FALSE(message_of(bytes_of({0, chunk}, layout), layout).has_value());
}

}  // namespace
}  // namespace dart::engine::exchange
