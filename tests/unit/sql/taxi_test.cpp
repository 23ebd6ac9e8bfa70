#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "sql/compile.hpp"
#include "support/test_catalogue.hpp"

namespace dart::sql {
namespace {

std::string read_file(const std::string& name) {
  std::ifstream in(std::string(DART_SOURCE_DIR) + "/" + name);
  EXPECT_TRUE(in) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

plan::Plan compile_file(const std::string& name) {
  const std::string text = read_file(name);
  auto script = compile(text, {{"input", "in.csv"}, {"output", "out.csv"}}, test::test_catalogue());
  if (!script) {
    ADD_FAILURE() << format_error(text, name, script.error());
    return {};
  }
  return script->plan;
}

std::size_t count_kind(const plan::Plan& plan, std::string_view kind) {
  std::size_t count = 0;
  for (const plan::Node& node : plan.nodes) count += plan::kind_name(node.kind) == kind ? 1 : 0;
  return count;
}

TEST(Taxi, FrequentRoutesReadsTheTripsOnce) {
  const plan::Plan plan = compile_file("examples/taxi/frequent_routes.sql");
  ASSERT_EQ(plan.tables.size(), 2U);
  EXPECT_EQ(plan.tables[0].name, "trips");
  EXPECT_EQ(plan.tables[0].columns.size(), 17U);
  EXPECT_EQ(plan::find_option(plan.tables[0].options, "path")->text(), "in.csv");
  EXPECT_EQ(plan.tables[0].event_time, 3U);
  EXPECT_EQ(plan.tables[1].delay_column, 22U);
  EXPECT_EQ(count_kind(plan, "Scan"), 1U);
  EXPECT_EQ(count_kind(plan, "Sliding"), 1U);
  EXPECT_EQ(count_kind(plan, "TopN"), 2U);
  EXPECT_EQ(count_kind(plan, "Join"), 1U);
  ASSERT_EQ(plan.sinks().size(), 1U);
  EXPECT_FALSE(plan.nodes[plan.sinks()[0]].weighted);
  EXPECT_EQ(plan.nodes[plan.sinks()[0]].schema.size(), 22U);
}

TEST(Taxi, ProfitableAreasSharesWhatItReadsTwice) {
  const plan::Plan plan = compile_file("examples/taxi/profitable_areas.sql");
  EXPECT_EQ(count_kind(plan, "Scan"), 1U);
  EXPECT_EQ(count_kind(plan, "Sliding"), 2U);
  EXPECT_EQ(count_kind(plan, "Join"), 2U);
  ASSERT_EQ(plan.sinks().size(), 1U);
  EXPECT_EQ(plan.nodes[plan.sinks()[0]].schema.size(), 42U);
}

TEST(Taxi, FiltersKeepTheirConjunctsInOrder) {
  const plan::Plan plan = compile_file("examples/taxi/profitable_areas.sql");
  const std::string text = plan::explain(plan);
  EXPECT_NE(text.find("fare_amount >= 0 AND tip_amount >= 0 AND medallion <> ''"), std::string::npos) << text;
  EXPECT_NE(text.find("sx BETWEEN 1 AND 600 AND sy BETWEEN 1 AND 600"), std::string::npos) << text;
}

/// What EXPLAIN says about both queries. When a rule of the optimiser changes it on purpose, the test prints
/// the text to put into the file.
TEST(Taxi, PlansAreThoseThatWereReviewed) {
  for (const std::string name : {"frequent_routes", "profitable_areas"}) {
    const std::string text = plan::explain(compile_file("examples/taxi/" + name + ".sql"));
    EXPECT_EQ(text, read_file("tests/unit/sql/expected/" + name + ".txt")) << text;
  }
}

}  // namespace
}  // namespace dart::sql
