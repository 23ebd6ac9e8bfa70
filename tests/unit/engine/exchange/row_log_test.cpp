#include "engine/exchange/row_log.hpp"

#include <gtest/gtest.h>

namespace dart::engine::exchange {
namespace {

constexpr std::size_t kLots = 1U << 20;
using Lines = std::vector<std::string>;

RowLog log_of(std::uint64_t run, const Lines& lines, std::size_t budget = kLots) {
  RowLog log(budget);
  log.start_run(run);
  for (const std::string& line : lines) log.append(line);
  return log;
}

TEST(RowLog, GivesLinesByNumber) {
  const RowLog log = log_of(3, {"a", "b", "c"});
  const auto piece = log.read(3, 1, kLots);
  EXPECT_EQ(piece.run, 3U);
  EXPECT_EQ(piece.first, 1U);
  EXPECT_EQ(piece.lines, (Lines{"b", "c"}));
  EXPECT_EQ(piece.missed, 0U);
  EXPECT_FALSE(piece.ended);
  EXPECT_TRUE(log.read(3, 3, kLots).lines.empty());
  EXPECT_EQ(log.next(), 3U);
}

TEST(RowLog, AnotherRunStartsFromItsBeginning) {
  RowLog log = log_of(3, {"a", "b", "c"});
  log.end();
  log.start_run(4);
  log.append("d");
  const auto piece = log.read(3, 2, kLots);
  EXPECT_EQ(piece.run, 4U);
  EXPECT_EQ(piece.first, 0U);
  EXPECT_EQ(piece.lines, Lines{"d"});
  EXPECT_EQ(piece.missed, 0U);
  EXPECT_FALSE(piece.ended);
}

TEST(RowLog, ALineBeyondTheLastIsTheNextToCome) {
  const auto piece = log_of(1, {"a"}).read(1, 7, kLots);
  EXPECT_EQ(piece.first, 1U);
  EXPECT_TRUE(piece.lines.empty());
  EXPECT_EQ(piece.missed, 0U);
}

TEST(RowLog, TheOldestLinesGoAndAreTold) {
  Lines lines;
  for (int i = 0; i < 100; ++i) lines.push_back(std::to_string(i) + std::string(1000, 'x'));
  const RowLog log = log_of(1, lines, 10'500);
  const auto piece = log.read(1, 5, kLots);
  EXPECT_EQ(piece.lines, Lines(lines.end() - 10, lines.end()));
  EXPECT_EQ(piece.first, 90U);
  EXPECT_EQ(piece.missed, 85U);
  EXPECT_EQ(log.read(0, 5, kLots).missed, 90U);
}

TEST(RowLog, ALineLargerThanTheBudgetIsMissed) {
  RowLog log = log_of(1, {"a", std::string(2000, 'x')}, 1000);
  EXPECT_EQ(log.read(1, 0, kLots).missed, 2U);
  log.append("b");
  const auto piece = log.read(1, 1, kLots);
  EXPECT_EQ(piece.missed, 1U);
  EXPECT_EQ(piece.first, 2U);
  EXPECT_EQ(piece.lines, Lines{"b"});
}

TEST(RowLog, PiecesAreBoundedAndGoOnWhereTheLastEnded) {
  RowLog log = log_of(1, {"aaaa", "bbbb", "cccc", "dddddddddddd", "e"});
  log.end();
  Lines all;
  std::vector<std::size_t> sizes;
  for (bool ended = false; !ended;) {
    const auto piece = log.read(1, all.size(), 8);
    ASSERT_FALSE(piece.lines.empty());
    ASSERT_EQ(piece.first, all.size());
    all.insert(all.end(), piece.lines.begin(), piece.lines.end());
    sizes.push_back(piece.lines.size());
    ended = piece.ended;
  }
  EXPECT_EQ(all, (Lines{"aaaa", "bbbb", "cccc", "dddddddddddd", "e"}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 1, 1, 1}));
}

TEST(RowLog, ARunWithoutLinesEnds) {
  RowLog log(kLots);
  log.start_run(1);
  log.end();
  EXPECT_TRUE(log.read(1, 0, kLots).ended);
}

}  // namespace
}  // namespace dart::engine::exchange
