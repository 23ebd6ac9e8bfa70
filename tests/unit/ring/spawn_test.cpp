#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "support/temp_folder.hpp"
#include "unit/ring/node_process.hpp"

namespace dart::test {
namespace {

const std::string kDart = DART_BINARY_DIR "/dart";

Json spawn(const std::vector<std::string>& more, const std::string& nodes) {
  std::vector<std::string> command = {kDart, "ring", "spawn", "0",      "localhost", "0",
                                      nodes, "-o",   "json",  "--seed", "5"};
  command.insert(command.end(), more.begin(), more.end());
  const auto result = run_process(command);
  EXPECT_EQ(result.exit_code, 0) << result.err << result.out;
  return Json::parse(result.out, nullptr, false);
}

TEST(RingSpawn, JoinsAllAndDeliversAllAtTheTrueRootOverTls) {
  const std::string file = testing::TempDir() + "spawn_paths_" + std::to_string(getpid());
  const Json report = spawn({"--out", file}, "150");
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["joined"], 150);
  EXPECT_EQ(report["delivered"], 150);
  EXPECT_EQ(report["wrong_root"], 0);
  EXPECT_EQ(report["failed"], 0);
  EXPECT_EQ(report["secure"], true);
  EXPECT_EQ(report["endpoints"], 4);
  EXPECT_EQ(report["connections"], 10) << "one between each two endpoints, and one of each to itself";
  EXPECT_EQ(report["seed"], 5);
  for (const char* field :
       {"hops", "stretch", "levels", "wall_s", "peak_rss_mb", "events", "messages", "socket_bytes"}) {
    EXPECT_TRUE(report.contains(field)) << field;
  }
  EXPECT_EQ(report["levels"][0]["appearances"], 150);
  EXPECT_EQ(report["levels"][0]["distinct"], 150) << "each node asks once";
  std::size_t paths = 0;
  std::size_t hops = 0;
  std::set<std::string> keys;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line); ++paths) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    keys.insert(word);
    std::size_t nodes = 0;
    while (words >> word) ++nodes;
    ASSERT_GE(nodes, 1U);
    hops += nodes - 1;
  }
  EXPECT_EQ(paths, 150U);
  EXPECT_LE(keys.size(), 10U);
  EXPECT_NEAR(report["hops"]["mean"].get<double>(), static_cast<double>(hops) / 150, 1e-9);
  std::filesystem::remove(file);
}

TEST(RingSpawn, AsManyRequestsAsAreAskedFor) {
  const Json report =
      spawn({"--insecure", "--requests", "500", "--endpoints", "1", "--profile", "quiet"}, "20");
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["requests"], 500);
  EXPECT_EQ(report["delivered"], 500);
  EXPECT_EQ(report["connections"], 1);
}

TEST(RingSpawn, JoinsARingThatIsThere) {
  const support::TempFolder folder;
  NodeProcess node(folder.file("n"), {"--insecure", "--bootstrap"});
  node.start();
  const std::string port = node.endpoint().substr(node.endpoint().rfind(':') + 1);
  const auto result =
      run_process({kDart, "ring", "spawn", "0", "127.0.0.1", port, "30", "--insecure", "-o", "json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json report = Json::parse(result.out, nullptr, false);
  ASSERT_TRUE(report.is_object());
  EXPECT_EQ(report["joined"], 30);
  EXPECT_EQ(report["delivered"], 30);
}

TEST(RingSpawn, SocketBytesAreThoseOfTheKernel) {
  // In a network namespace of its own nobody else talks over `lo`; where there is none, others may add to it.
  const bool alone = run_process({"/usr/bin/unshare", "-rn", "true"}).exit_code == 0;
  std::vector<std::string> command = {"/usr/bin/env"};
  if (alone) command = {"/usr/bin/unshare", "-rn"};
  for (const char* word : {"python3", DART_SOURCE_DIR "/tests/unit/ring/lo_bytes.py", kDart.c_str(), "ring",
                           "spawn", "0", "127.0.0.1", "0", "300", "-o", "json", "--seed", "5"}) {
    command.emplace_back(word);
  }
  const auto result = run_process(command);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const Json seen = Json::parse(result.out, nullptr, false);
  ASSERT_TRUE(seen.is_object());
  const auto ours = seen["output"]["socket_bytes"].get<double>();
  const auto kernel = seen["bytes"].get<double>();
  EXPECT_GT(ours, 300 * 1000.0) << "nothing goes past the sockets";
  EXPECT_GE(kernel, ours);
  // The kernel adds headers of at most 80 bytes a packet, acknowledgements included.
  const double most = ours + 80 * seen["packets"].get<double>() + 20'000;
  EXPECT_TRUE(!alone || kernel <= most) << kernel << " bytes, counted " << ours;
}

TEST(RingSpawn, SaysWhatToRaiseWhenDescriptorsAreShort) {
  const auto result = run_process(
      {"/bin/sh", "-c", "ulimit -n 100; exec " + kDart + " ring spawn 0 localhost 0 100 --endpoints 10"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("open files"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("ulimit -n"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace dart::test
