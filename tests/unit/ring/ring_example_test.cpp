// examples/ring as a user runs it: eight nodes over TLS, both DEBS 2015 queries, compared with one process.
#include <gtest/gtest.h>

#include "support/child_process.hpp"

namespace dart::test {
namespace {

std::string ring(const std::vector<std::string>& environment) {
  std::vector<std::string> command = {"/usr/bin/env"};
  command.insert(command.end(), environment.begin(), environment.end());
  command.insert(command.end(), {"bash", DART_SOURCE_DIR "/examples/ring/ring.sh", DART_BINARY_DIR "/dart"});
  const ProcessResult result = run_process(command);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  return result.out;
}

void expect_same_rows(const std::string& out) {
  for (const char* query : {"frequent_routes: 372 rows", "profitable_areas: 302 rows"}) {
    EXPECT_NE(out.find(std::string(query) + ", the same as one process gives, in the same order"),
              std::string::npos)
        << out;
  }
}

TEST(RingExample, EightGatewaysGiveWhatOneProcessGives) { expect_same_rows(ring({"CHUNK_ROWS=2048"})); }

TEST(RingExample, SoDoChunksOfOneRowAndNodesThatComeAndLeave) {
  const std::string out = ring({"CHUNK_ROWS=1", "CHANGE=1", "RATE=100"});
  EXPECT_NE(out.find("the ninth node has handed over"), std::string::npos) << out;
  expect_same_rows(out);
}

TEST(RingExample, SoDoGatewaysFarFromEachOther) {
  constexpr int kNoNamespaces = 77;
  const ProcessResult result =
      run_process({"/usr/bin/env", "python3", DART_SOURCE_DIR "/tests/support/far_network.py", "--seed", "1",
                   "bash", DART_SOURCE_DIR "/examples/ring/ring.sh", DART_BINARY_DIR "/dart"});
  if (result.exit_code == kNoNamespaces) GTEST_SKIP() << result.out;
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  expect_same_rows(result.out);
  EXPECT_EQ(result.out.find(" 0 lost"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace dart::test
