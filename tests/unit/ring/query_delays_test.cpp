// Delays of rows that come over hosts whose monotonic clocks have nothing in common, as those of machines do.
#include <cstdlib>
#include <fstream>

#include "unit/ring/ring_of_queries.hpp"

namespace dart::test {
namespace {

constexpr std::size_t kRows = 200;  // of each node
constexpr std::int64_t kMinuteUs = 60'000'000;

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
         "CREATE TABLE kept (n bigint, delay bigint) WITH (connector = 'file', path = 'kept.csv', format = "
         "'csv', "
         "delay_column = delay);"
         "INSERT INTO kept SELECT n FROM numbers;");
  ASSERT_TRUE(await(kPatience, [&] {
    const auto view = QueryView::of(*nodes_[0], "q");
    return view && view->json["state"] == "finished";
  }));
  std::size_t rows = 0;
  for (const auto& node : nodes_) {
    std::ifstream in(node->files() + "/kept.csv");
    for (std::string line; std::getline(in, line); ++rows) {
      const std::int64_t delay = std::atoll(line.substr(line.find(',') + 1).c_str());
      EXPECT_GE(delay, 0) << line;
      EXPECT_LT(delay, kMinuteUs) << line;
    }
  }
  EXPECT_EQ(rows, 2 * kRows);
}

}  // namespace
}  // namespace dart::test
