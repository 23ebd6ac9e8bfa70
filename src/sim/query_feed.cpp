#include "sim/query_feed.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "engine/instance.hpp"
#include "engine/stage.hpp"
#include "plan/distribution.hpp"

namespace dart::sim {

namespace {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::TypeId;
using columnar::Value;

constexpr std::int64_t kEveryUs = 20'000;
constexpr std::int64_t kSecond = 1'000'000;

struct FeedRow {
  std::int64_t gateway = 0;
  std::int64_t k = 0;
  std::int64_t ts = 0;
  std::int64_t v = 0;

  [[nodiscard]] std::int64_t column(std::uint32_t column) const {
    const std::int64_t values[] = {gateway, k, ts, v};
    return values[column];
  }
};

FeedRow row_of(std::uint32_t gateway, std::uint32_t k) {
  const std::uint64_t mixed = mix64(std::uint64_t{gateway} << 32 | k);
  // Times rise, now and then by nothing.
  const std::int64_t ts = (std::int64_t{k} - static_cast<std::int64_t>(mixed % 2) * (k % 2)) * kSecond;
  return {gateway, k, ts, static_cast<std::int64_t>(mixed / 7 % 100)};
}

std::vector<FeedRow> rows_of(const Feed& feed, std::uint32_t gateway) {
  std::vector<FeedRow> rows;
  for (std::uint32_t g = 0; g < feed.gateways; ++g) {
    if (gateway != kAllGateways && gateway != g) continue;
    for (std::uint32_t k = 1; k <= feed.rows; ++k) rows.push_back(row_of(g, k));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const FeedRow& a, const FeedRow& b) { return a.ts < b.ts; });
  return rows;
}

class FeedSource final : public engine::Source {
 public:
  FeedSource(const engine::ReadRequest& request, std::vector<FeedRow> rows, bool paced)
      : request_(request), rows_(std::move(rows)), paced_(paced) {}

  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, Chunk& out) override {
    if (begun_us_ == 0) begun_us_ = now.us;
    const auto due = paced_ ? static_cast<std::size_t>((now.us - begun_us_) / kEveryUs) : rows_.size();
    const std::size_t end = std::min({rows_.size(), due, next_ + max_rows});
    engine::ReadOutcome outcome;
    outcome.rows = end - next_;
    outcome.first_seq = static_cast<std::int64_t>(next_) + 1;
    outcome.last_seq = static_cast<std::int64_t>(end);
    outcome.origin_first = outcome.origin_last = now;
    fill(next_, end, out);
    next_ = end;
    outcome.end = next_ == rows_.size();
    if (outcome.rows == 0)
      outcome.wake_at = TimePoint{begun_us_ + kEveryUs * static_cast<std::int64_t>(next_ + 1)};
    return outcome;
  }
  const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }

 private:
  void fill(std::size_t begin, std::size_t end, Chunk& out) const {
    out.rows = end - begin;
    out.columns.resize(request_.columns.size());
    for (std::size_t c = 0; c < request_.columns.size(); ++c) {
      const std::uint32_t column = request_.columns[c];
      out.columns[c].reset(request_.table->columns[column].type, out.rows);
      auto* values = out.columns[c].mutable_data<std::int64_t>();
      for (std::size_t r = begin; r < end; ++r) values[r - begin] = rows_[r].column(column);
    }
    if (!request_.want_steps) return;
    out.steps.reset(LogicalType::of(TypeId::BigInt), out.rows);
    for (std::size_t r = begin; r < end; ++r) {
      out.steps.mutable_data<std::int64_t>()[r - begin] = static_cast<std::int64_t>(r) + 1;
    }
  }

  engine::ReadRequest request_;
  std::vector<FeedRow> rows_;
  bool paced_;
  std::size_t next_ = 0;
  std::int64_t begun_us_ = 0;
  std::map<std::string, std::uint64_t> errors_;
};

class FeedSink final : public engine::Sink {
 public:
  FeedSink(SunkRow from, Sunk sunk) : from_(std::move(from)), sunk_(std::move(sunk)) {}

  Status write(const Chunk& chunk, const engine::Progress&) override {
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      SunkRow row = from_;
      row.text = chunk.weight(r) < 0 ? "-" : "+";
      for (const auto& column : chunk.columns) row.text += "," + column.value(r).to_string();
      sunk_(std::move(row));
      ++written_;
    }
    return {};
  }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  std::uint64_t rows_written() const override { return written_; }

 private:
  SunkRow from_;
  Sunk sunk_;
  std::uint64_t written_ = 0;
};

class FeedConnectors final : public engine::ConnectorFactory {
 public:
  FeedConnectors(const Feed& feed, std::uint32_t gateway, SunkRow from, Sunk sunk)
      : feed_(feed), gateway_(gateway), from_(std::move(from)), sunk_(std::move(sunk)) {}

  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override {
    return std::make_unique<FeedSource>(request, rows_of(feed_, gateway_), gateway_ != kAllGateways);
  }
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition&) override {
    return std::make_unique<FeedSink>(from_, sunk_);
  }

 private:
  Feed feed_;
  std::uint32_t gateway_;
  SunkRow from_;
  Sunk sunk_;
};

}  // namespace

std::unique_ptr<engine::ConnectorFactory> feed_connectors(const Feed& feed, std::uint32_t gateway,
                                                          std::uint64_t run, std::uint64_t epoch,
                                                          std::uint32_t number, Sunk sunk) {
  return std::make_unique<FeedConnectors>(feed, gateway, SunkRow{{}, run, epoch, number}, std::move(sunk));
}

std::vector<std::string> rows_of_one_process(const Feed& feed, const std::string& program) {
  std::vector<std::string> rows;
  const auto distribution = plan::decode_distribution(program);
  DART_CHECK(distribution.has_value());
  const engine::Stages stages = engine::cut(distribution->asked, 1);
  const auto connectors =
      feed_connectors(feed, kAllGateways, 0, 0, 0, [&](SunkRow row) { rows.push_back(std::move(row.text)); });
  auto instance = engine::Instance::open(distribution->asked, stages, 0, {}, *connectors);
  DART_CHECK(instance.has_value());
  while (!(*instance)->finished()) (void)(*instance)->poll({1}, 1000);
  return rows;
}

}  // namespace dart::sim
