// Both DEBS 2015 queries with the trips dealt out to several nodes: the rows of one machine, in order.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/random.hpp"
#include "connectors/catalogue.hpp"
#include "runtime/query_runner.hpp"
#include "sql/compile.hpp"
#include "support/ring_driver.hpp"
#include "support/temp_folder.hpp"

namespace dart {
namespace {

constexpr std::size_t kTrips = 2500;

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A node's own files: what the script calls `trips` is the node's share of it.
class NodeConnectors : public engine::ConnectorFactory {
 public:
  NodeConnectors(engine::ConnectorFactory& real, std::string share) : real_(real), share_(std::move(share)) {}

  Result<std::unique_ptr<engine::Source>> open_source(const engine::ReadRequest& request) override {
    tables_.push_back(std::make_unique<plan::TableDefinition>(*request.table));
    for (auto& [name, value] : tables_.back()->options) {
      if (name == "path") value = columnar::Value::text(share_);
    }
    engine::ReadRequest own = request;
    own.table = tables_.back().get();
    return real_.open_source(own);
  }
  Result<std::unique_ptr<engine::Sink>> open_sink(const plan::TableDefinition& table) override {
    return real_.open_sink(table);
  }

 private:
  engine::ConnectorFactory& real_;
  std::string share_;
  std::vector<std::unique_ptr<plan::TableDefinition>> tables_;
};

struct Way {
  std::uint32_t readers;
  std::size_t chunk_rows;
  bool moves;
};

class TaxiRingTest : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    trips_ = lines_of(std::string(DART_SOURCE_DIR) + "/examples/taxi/trips.csv");
    trips_.resize(kTrips);
    write(folder_.file("trips.csv"), trips_);
  }

  static void write(const std::string& path, const std::vector<std::string>& lines) {
    std::ofstream out(path);
    for (const std::string& line : lines) out << line << "\n";
  }
  /// Without the delay, which is the last cell of a row.
  static std::vector<std::string> rows_of(const std::string& path) {
    std::vector<std::string> rows = lines_of(path);
    for (std::string& row : rows) row.resize(row.rfind(','));
    return rows;
  }

  plan::Plan compile(const std::string& file, const std::string& output) {
    std::ifstream in(std::string(DART_SOURCE_DIR) + "/examples/taxi/" + file);
    std::stringstream text;
    text << in.rdbuf();
    std::string sql = text.str();
    const std::string plain = "event_time = dropoff_datetime";
    sql.replace(sql.find(plain), plain.size(),
                plain + ", label = 'gateway=taxi', tie_break = 'medallion, pickup_datetime'");
    const auto script = sql::compile(sql, {{"input", folder_.file("trips.csv")}, {"output", output}},
                                     connectors::catalogue());
    EXPECT_TRUE(script) << script.error().message;
    return script->plan;
  }

  void expect_same(const std::string& file) {
    connectors::Factory factory;
    const std::string whole = folder_.file("whole.csv");
    runtime::RunSettings settings;
    settings.chunk_rows = GetParam().chunk_rows;
    runtime::StopSignal stop;
    const auto report = runtime::run_plan(compile(file, whole), factory, settings, stop);
    ASSERT_TRUE(report && !report->failure);

    const std::string output = folder_.file("ring.csv");
    const auto distribution = plan::distribute(compile(file, output), {3});
    ASSERT_TRUE(distribution) << distribution.error().message;
    const Way way = GetParam();
    std::vector<std::vector<std::string>> shares(way.readers);
    Random random(way.readers);
    for (const std::string& trip : trips_) shares[random.below(way.readers)].push_back(trip);
    std::vector<std::unique_ptr<NodeConnectors>> nodes;
    for (std::uint32_t n = 0; n < way.readers; ++n) {
      write(folder_.file(fmt::format("share{}.csv", n)), shares[n]);
      nodes.push_back(std::make_unique<NodeConnectors>(factory, folder_.file(fmt::format("share{}.csv", n))));
    }
    support::RingRun run;
    run.seed = 17 * way.readers + way.chunk_rows;
    run.chunk_rows = way.chunk_rows;
    run.readers["trips"] = way.readers;
    run.moves = way.moves;
    const Status status = support::run_ring(
        *distribution, run, [&](const std::string& table, std::uint32_t number) -> engine::ConnectorFactory& {
          if (table.empty()) return factory;
          return *nodes[number];
        });
    ASSERT_TRUE(status) << status.error().message;
    const auto expected = rows_of(whole);
    EXPECT_GT(expected.size(), 50U);
    EXPECT_EQ(rows_of(output), expected);
  }

  std::vector<std::string> trips_;
  support::TempFolder folder_;
};

TEST_P(TaxiRingTest, FrequentRoutes) { expect_same("frequent_routes.sql"); }

TEST_P(TaxiRingTest, ProfitableAreas) { expect_same("profitable_areas.sql"); }

INSTANTIATE_TEST_SUITE_P(ReadersAndChunks, TaxiRingTest,
                         testing::Values(Way{1, 2048, false}, Way{2, 1, false}, Way{4, 3, true},
                                         Way{7, 2048, true}, Way{7, 2048, false}),
                         [](const auto& run) {
                           return fmt::format("Nodes{}Rows{}{}", run.param.readers, run.param.chunk_rows,
                                              run.param.moves ? "Moving" : "");
                         });

}  // namespace
}  // namespace dart
