// Both DEBS 2015 queries as a user runs them, over the first half of the bundled trips.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "connectors/catalogue.hpp"
#include "runtime/query_runner.hpp"
#include "sql/compile.hpp"
#include "support/temp_folder.hpp"

namespace dart {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = DART_SOURCE_DIR;

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

/// Texts exactly; numbers with a point within a relative 1e-4. A cell such as 153.158 is a text.
bool same_cell(const std::string& a, const std::string& b, bool is_number) {
  if (a == b) return true;
  if (!is_number || a == "NULL" || b == "NULL") return false;
  const double x = std::strtod(a.c_str(), nullptr);
  const double y = std::strtod(b.c_str(), nullptr);
  return std::fabs(x - y) <= 1e-4 * std::max(std::fabs(x), std::fabs(y));
}

struct Run {
  std::size_t chunk_rows;
  std::size_t workers;
};

class TaxiTest : public testing::TestWithParam<Run> {
 protected:
  void SetUp() override {
    std::ofstream half(folder_.file("trips.csv"));
    const auto trips = lines_of(kSource / "examples/taxi/trips.csv");
    constexpr std::size_t kFirstHalf = 5002;
    for (std::size_t i = 0; i < kFirstHalf; ++i) half << trips[i] << "\n";
  }

  std::vector<std::string> run(const std::string& query) {
    const std::string text = read_file(kSource / "examples/taxi" / query);
    const std::string output = folder_.file("out.csv");
    const auto script = sql::compile(text, {{"input", folder_.file("trips.csv")}, {"output", output}},
                                     connectors::catalogue());
    if (!script) {
      ADD_FAILURE() << sql::format_error(text, query, script.error());
      return {};
    }
    connectors::Factory factory;
    runtime::RunSettings settings;
    settings.chunk_rows = GetParam().chunk_rows;
    settings.workers = GetParam().workers;
    runtime::StopSignal stop;
    const auto report = runtime::run_plan(script->plan, factory, settings, stop);
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_FALSE(report && report->failure) << report->failure->message;
    return lines_of(output);
  }

  /// Expected rows start with the number of the input row; written ones end with the delay.
  void compare(const std::vector<std::string>& written, const std::string& expected_file,
               bool (*is_number)(std::size_t column)) {
    const auto expected = lines_of(kSource / "tests/data/expected" / expected_file);
    ASSERT_EQ(written.size(), expected.size());
    for (std::size_t row = 0; row < expected.size(); ++row) {
      const auto want = cells_of(expected[row]);
      const auto got = cells_of(written[row]);
      ASSERT_EQ(got.size(), want.size()) << "row " << row;
      for (std::size_t c = 1; c < want.size(); ++c) {
        ASSERT_TRUE(same_cell(want[c], got[c - 1], is_number(c)))
            << "row " << row << " column " << c << "\nwant " << expected[row] << "\ngot  " << written[row];
      }
      ASSERT_TRUE(got.back() != "NULL" && got.back().find(':') != std::string::npos)
          << "delay " << got.back();
    }
  }

  support::TempFolder folder_;
};

TEST_P(TaxiTest, FrequentRoutes) {
  compare(run("frequent_routes.sql"), "debs_q1.csv", [](std::size_t) { return false; });
}

TEST_P(TaxiTest, ProfitableAreas) {
  compare(run("profitable_areas.sql"), "debs_q2.csv",
          [](std::size_t c) { return c > 2 && (c - 3) % 4 >= 2; });
}

INSTANTIATE_TEST_SUITE_P(ChunksAndWorkers, TaxiTest,
                         testing::Values(Run{1, 1}, Run{3, 1}, Run{2048, 1}, Run{1, 2}, Run{3, 2},
                                         Run{2048, 2}),
                         [](const auto& run) {
                           return fmt::format("Rows{}Workers{}", run.param.chunk_rows, run.param.workers);
                         });

}  // namespace
}  // namespace dart
