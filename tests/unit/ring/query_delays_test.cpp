// Delays of rows that come over hosts whose monotonic clocks have nothing in common, as those of machines do.
#include <gmock/gmock.h>

#include <fstream>

#include "unit/ring/ring_of_queries.hpp"

namespace dart::test {
namespace {

using testing::StartsWith;

class QueryDelaysTest : public RingOfQueries {};

TEST_F(QueryDelaysTest, RowsOfAnotherMachineHaveTheirDelay) {
  const std::vector<std::string> elsewhen = {"/usr/bin/unshare", "--time",       "--monotonic", "1000000",
                                             "--fork",           "--kill-child", "--"};
  auto probe = elsewhen;
  probe.push_back("/bin/true");
  if (run_process(probe).exit_code != 0) GTEST_SKIP() << "no time namespaces here";
  form_cabs(1);
  add({"--insecure", "--label", "role=cab", "--join", nodes_[0]->endpoint()}, elsewhen);
  ASSERT_TRUE(whole(kPatience));
  await_cabs(2);
  submit(*nodes_[0], "q",
         "CREATE TABLE numbers (n bigint) WITH (connector = 'datagen', rows = 200, rate = 200, "
         "n.distribution = 'sequence', order = 'arrival', label = 'role=cab');"
         "CREATE TABLE kept (n bigint, delay interval) WITH (connector = 'file', path = 'kept.csv', format = "
         "'csv', "
         "delay_column = delay);"
         "INSERT INTO kept SELECT n FROM numbers;");
  ASSERT_TRUE(await(kPatience, [&] {
    const auto view = QueryView::of(*nodes_[0], "q");
    return view && view->json["state"] == "finished";
  }));
  std::size_t rows = 0;
  std::size_t hardly_any = 0;
  for (const auto& node : nodes_) {
    std::ifstream in(node->files() + "/kept.csv");
    for (std::string line; std::getline(in, line); ++rows) {
      EXPECT_THAT(line.substr(line.find(',') + 1), StartsWith("00:00:")) << "more than a minute";
      hardly_any += line.ends_with(",00:00:00.000000") ? 1 : 0;
    }
  }
  EXPECT_EQ(rows, 400U);
  EXPECT_EQ(hardly_any, 0U) << "rows came before they were read";
}

}  // namespace
}  // namespace dart::test
