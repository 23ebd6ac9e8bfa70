#include "runtime/query/shared_sources.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "unit/runtime/query/query_ring.hpp"

namespace dart::runtime {
namespace {

using columnar::LogicalType;
using columnar::TypeId;

/// Endless numbers; every tenth record is bad when `bad`.
class Endless final : public engine::Source {
 public:
  Endless(const engine::ReadRequest& request, bool bad) : request_(request), bad_(bad) {}
  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) override {
    std::vector<std::int64_t> good;
    engine::ReadOutcome outcome;
    outcome.origin_first = outcome.origin_last = now;
    outcome.first_seq = seq_ + 1;
    while (good.size() < max_rows) {
      if (bad_ && ++seq_ % 10 == 0) {
        ++errors_["bad"];
      } else {
        if (!bad_) ++seq_;
        good.push_back(seq_);
      }
    }
    outcome.last_seq = seq_;
    outcome.rows = out.rows = good.size();
    out.columns.resize(request_.columns.size());
    for (auto& column : out.columns) {
      column.reset(LogicalType::of(TypeId::BigInt), good.size());
      std::copy(good.begin(), good.end(), column.mutable_data<std::int64_t>());
    }
    out.steps.reset(LogicalType::of(TypeId::BigInt), good.size());
    std::copy(good.begin(), good.end(), out.steps.mutable_data<std::int64_t>());
    return outcome;
  }
  const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }

 private:
  engine::ReadRequest request_;
  bool bad_;
  std::int64_t seq_ = 0;
  std::map<std::string, std::uint64_t> errors_;
};

class SharedSourcesTest : public testing::Test, public engine::ConnectorFactory {
 protected:
  SharedSourcesTest() {
    table.name = "t";
    table.connector = "live";
    table.columns = {{"v", LogicalType::of(TypeId::BigInt), false},
                     {"w", LogicalType::of(TypeId::BigInt), false}};
  }
  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override {
    ++opened;
    return std::make_unique<Endless>(request, bad);
  }
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition&) override {
    return fail(ErrorCode::Unsupported, "no sinks");
  }
  std::unique_ptr<engine::Source> join(std::vector<std::uint32_t> columns = {0}, bool steps = false) {
    auto source = shared.open_source({&table, std::move(columns), steps});
    EXPECT_TRUE(source);
    return std::move(*source);
  }
  /// The numbers of one read.
  static std::vector<std::int64_t> read(engine::Source& source, std::size_t rows) {
    columnar::Chunk chunk;
    const auto outcome = source.read(TimePoint{0}, rows, chunk);
    EXPECT_TRUE(outcome);
    EXPECT_LE(chunk.rows, rows);
    std::vector<std::int64_t> numbers;
    for (std::size_t r = 0; r < chunk.rows; ++r) numbers.push_back(chunk.columns[0].at<std::int64_t>(r));
    return numbers;
  }

  plan::TableDefinition table;
  int opened = 0;
  bool bad = false;
  SharedSources shared{*this, [](const plan::TableDefinition& one) { return one.connector == "live"; }};
};

TEST_F(SharedSourcesTest, QueriesOverOneLiveTableShareAReader) {
  const auto first = join();
  EXPECT_THAT(read(*first, 2), testing::ElementsAre(1, 2));
  const auto second = join();
  EXPECT_EQ(opened, 1);
  EXPECT_THAT(read(*first, 3), testing::ElementsAre(3, 4, 5));
  EXPECT_THAT(read(*second, 2), testing::ElementsAre(3, 4)) << "from when it joined";
  EXPECT_THAT(read(*second, 5), testing::ElementsAre(5));
  EXPECT_THAT(read(*second, 2), testing::ElementsAre(6, 7));
  EXPECT_THAT(read(*first, 9), testing::ElementsAre(6, 7));
}

TEST_F(SharedSourcesTest, OtherColumnsOfALiveTableAreRefusedWhileItIsRead) {
  auto first = join();
  const auto other = shared.open_source({&table, {0, 1}, true});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message,
            "table \"t\" gives each row once, and a query here reads other columns of it");
  EXPECT_EQ(opened, 1);
  first.reset();
  EXPECT_THAT(read(*join({0, 1}), 1), testing::ElementsAre(1));
}

TEST_F(SharedSourcesTest, WhatCanBeReadAgainHasAReaderForEach) {
  table.connector = "file";
  const auto first = join();
  const auto second = join();
  EXPECT_EQ(opened, 2);
  EXPECT_THAT(read(*first, 1), testing::ElementsAre(1));
  EXPECT_THAT(read(*second, 1), testing::ElementsAre(1));
}

TEST_F(SharedSourcesTest, TheSlowestHoldsTheOthersBackUntilItLeaves) {
  const auto fast = join();
  auto slow = join();
  std::size_t rows = 0;
  for (std::size_t got = 1; got > 0;) rows += got = read(*fast, 1000).size();
  EXPECT_LT(rows, limits::kQueueRows + 1000);
  EXPECT_EQ(read(*slow, 1000).size(), 1000U);
  EXPECT_EQ(read(*fast, 1000).size(), 1000U);
  slow.reset();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read(*fast, 1000).size(), 1000U);
}

TEST_F(SharedSourcesTest, SplittingCountsBadRecordsOnce) {
  bad = true;
  const auto first = join({0}, true);
  const auto second = join({0}, true);
  columnar::Chunk chunk;
  const auto whole = first->read(TimePoint{0}, 100, chunk);
  std::int64_t records = 0;
  for (const std::size_t part : {9U, 40U, 51U}) {
    const auto outcome = second->read(TimePoint{0}, part, chunk);
    EXPECT_EQ(outcome->first_seq, records + 1);
    records = outcome->last_seq;
  }
  EXPECT_EQ(records, whole->last_seq);
  EXPECT_EQ(second->errors(), first->errors());
  EXPECT_GT(second->errors().at("bad"), 0U);
}

TEST_F(SharedSourcesTest, SeveralThreadsEachGetEveryRow) {
  std::vector<std::unique_ptr<engine::Source>> shares;
  for (int i = 0; i < 3; ++i) shares.push_back(join());
  std::vector<std::thread> threads;
  for (auto& share : shares) {
    threads.emplace_back([&share] {
      std::int64_t next = 1;
      while (next <= 50'000) {
        for (const std::int64_t number : read(*share, 777)) ASSERT_EQ(number, next++);
      }
      share.reset();
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace dart::runtime
