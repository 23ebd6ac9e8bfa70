#include "connectors/paced_source.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "piecewise_bytes.hpp"
#include "support/temp_folder.hpp"

namespace dart::connectors {
namespace {

using columnar::TypeId;
using columnar::Value;
using support::TempFolder;
using testing::TableBuilder;
using testing::type_of;

constexpr std::int64_t kStart = 1'000'000;

struct Piece {
  std::int64_t at;
  engine::ReadOutcome outcome;
  std::string rows;
};

/// Drives a source as the engine does, jumping to each wake_at; `late_us` is added to every wake-up.
std::vector<Piece> drive(engine::Source& source, std::size_t max_rows, std::int64_t late_us = 0) {
  std::vector<Piece> pieces;
  std::int64_t now = kStart;
  columnar::Chunk chunk;
  for (int turn = 0; turn < 100'000; ++turn) {
    const auto outcome = source.read(TimePoint{now}, max_rows, chunk);
    EXPECT_TRUE(outcome);
    if (!outcome) break;
    if (outcome->rows > 0) pieces.push_back({now, *outcome, testing::render(chunk)});
    if (outcome->end) return pieces;
    if (outcome->rows == 0) {
      EXPECT_TRUE(outcome->wake_at.has_value());
      now = std::max(now, outcome->wake_at->us) + late_us;
    }
  }
  ADD_FAILURE() << "the source never ended";
  return pieces;
}

std::unique_ptr<engine::Source> open(const plan::TableDefinition& table, std::vector<std::uint32_t> columns,
                                     bool want_steps = true) {
  Factory factory(testing::fixed_clocks());
  auto source = factory.open_source({&table, std::move(columns), want_steps});
  EXPECT_TRUE(source) << source.error().message;
  return source ? *std::move(source) : nullptr;
}

TableBuilder numbers_table(const TempFolder& folder, int rows) {
  std::string bytes;
  for (int i = 1; i <= rows; ++i) bytes += i % 10 == 7 ? "bad\n" : std::to_string(i) + "\n";
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.option("path", folder.write("in.csv", bytes));
  return builder;
}

TEST(PacedSource, ARowIsDueByItsNumberBadOnesIncluded) {
  const TempFolder folder;
  TableBuilder builder = numbers_table(folder, 30);
  builder.option("rate", Value::real(1000));
  const auto source = open(builder.table, {0});
  std::int64_t next_seq = 1;
  std::size_t rows = 0;
  for (const Piece& piece : drive(*source, 2048)) {
    EXPECT_EQ(piece.outcome.first_seq, next_seq);
    next_seq = piece.outcome.last_seq + 1;
    rows += piece.outcome.rows;
    const std::int64_t due = kStart + (piece.outcome.last_seq - 1) * 1000;
    EXPECT_EQ(piece.outcome.origin_last.us, due);
    EXPECT_GE(piece.at, std::stoll(piece.rows) * 1000 - 1000 + kStart) << "too early";
    EXPECT_LE(piece.at, std::stoll(piece.rows) * 1000 - 1000 + kStart + limits::kChunkLingerUs) << "too late";
  }
  EXPECT_EQ(next_seq, 31);
  EXPECT_EQ(rows, 27U);
  EXPECT_EQ(source->errors().at("invalid input syntax for type bigint"), 3U);
}

TEST(PacedSource, AChunkLeavesWhenItsFirstRowHasLingered) {
  const TempFolder folder;
  TableBuilder builder = numbers_table(folder, 6);
  builder.option("rate", Value::bigint(100'000));
  const auto source = open(builder.table, {0});
  const auto pieces = drive(*source, 2048);
  ASSERT_FALSE(pieces.empty());
  EXPECT_EQ(pieces[0].at, kStart + limits::kChunkLingerUs);
  EXPECT_EQ(pieces[0].rows, "1:1\n2:2\n3:3\n4:4\n5:5\n6:6\n");
}

TEST(PacedSource, AChunkLeavesWhenItIsFull) {
  const TempFolder folder;
  TableBuilder builder = numbers_table(folder, 6);
  builder.option("rate", Value::bigint(100'000));
  const auto source = open(builder.table, {0});
  const auto pieces = drive(*source, 2);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].at, kStart + 10);
  EXPECT_EQ(pieces[1].rows, "3:3\n4:4\n");
  EXPECT_EQ(pieces[1].at, kStart + 30);
}

TEST(PacedSource, BeingLateMovesNoOrigin) {
  const TempFolder folder;
  TableBuilder builder = numbers_table(folder, 5000);
  builder.option("rate", Value::bigint(1'000'000));
  const auto source = open(builder.table, {0});
  std::int64_t next_seq = 1;
  for (const Piece& piece : drive(*source, 2048, 700)) {
    EXPECT_EQ(piece.outcome.origin_first.us, kStart + next_seq - 1);
    EXPECT_EQ(piece.outcome.origin_last.us, kStart + piece.outcome.last_seq - 1);
    EXPECT_LE(piece.outcome.origin_last.us, piece.at);
    next_seq = piece.outcome.last_seq + 1;
  }
  EXPECT_EQ(next_seq, 5001);
}

TEST(PacedSource, ReplaysTheRecordedTimeFasterAndHidesTheColumnItNeeds) {
  const TempFolder folder;
  TableBuilder builder({{"ts", type_of(TypeId::Timestamp)}, {"a", type_of(TypeId::BigInt)}});
  builder.table.event_time = 0;
  builder.option("path",
                 folder.write("in.csv",
                              "2013-01-01 00:00:00,1\n2013-01-01 00:00:10,2\n2013-01-01 00:00:04,3\n,4\n"
                              "2013-01-01 00:01:00,5\n"));
  builder.option("replay_speed", Value::real(20));
  const auto source = open(builder.table, {1}, false);
  const auto pieces = drive(*source, 2048);
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].rows, "1\n");
  EXPECT_EQ(pieces[0].outcome.origin_last.us, kStart);
  EXPECT_EQ(pieces[1].rows, "2\n3\n4\n");
  EXPECT_EQ(pieces[1].outcome.origin_first.us, kStart + 500'000);
  EXPECT_EQ(pieces[1].outcome.origin_last.us, kStart + 500'000);
  EXPECT_EQ(pieces[2].rows, "5\n");
  EXPECT_EQ(pieces[2].outcome.origin_last.us, kStart + 3'000'000);
}

TEST(PacedSource, AFileOfBadRowsIsReadToItsEnd) {
  const TempFolder folder;
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += "bad\n";
  TableBuilder builder({{"a", type_of(TypeId::BigInt)}});
  builder.option("path", folder.write("in.csv", bytes + "1\n")).option("rate", Value::bigint(1'000'000));
  const auto source = open(builder.table, {0});
  const auto pieces = drive(*source, 2048);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].rows, "20001:1\n");
  EXPECT_EQ(pieces[0].outcome.origin_last.us, kStart + 20'000);
}

TEST(PacedSource, OptionsThatDoNotGoTogetherAreRefused) {
  const TempFolder folder;
  Factory factory(testing::fixed_clocks());
  TableBuilder both = numbers_table(folder, 1);
  both.option("rate", Value::bigint(1)).option("replay_speed", Value::bigint(1));
  EXPECT_EQ(factory.open_source({&both.table, {0}, true}).error().message,
            "table \"t\": give rate or replay_speed, not both");
  TableBuilder timeless = numbers_table(folder, 1);
  timeless.option("replay_speed", Value::bigint(1));
  EXPECT_EQ(factory.open_source({&timeless.table, {0}, true}).error().message,
            "table \"t\": replay_speed needs event_time");
  TableBuilder still = numbers_table(folder, 1);
  still.option("rate", Value::bigint(0));
  EXPECT_EQ(factory.open_source({&still.table, {0}, true}).error().message,
            "table \"t\": option rate must be greater than 0, not '0'");
}

}  // namespace
}  // namespace dart::connectors
