#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "api/http_client.hpp"
#include "unit/ring/ring_of_processes.hpp"

namespace dart::test {
namespace {

class KeysProcessesTest : public RingOfProcesses {
 protected:
  /// Whether each node says that firm records survive so many losses.
  [[nodiscard]] bool survives(std::size_t losses) const {
    return await(kPatience, [&] {
      return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& node) {
        const Json ring = node->get("/v1/ring");
        return ring.is_object() && ring["survives"] == losses;
      });
    });
  }
  /// `dart ring ...` through one node.
  [[nodiscard]] ProcessResult ring(std::size_t node, std::vector<std::string> words,
                                   const std::string& input = {}) const {
    words.insert(words.begin(), {DART_BINARY_DIR "/dart", "ring"});
    words.insert(words.end(), {"--http", nodes_[node]->http()});
    return run_process(words, input);
  }
  [[nodiscard]] unsigned put(std::size_t node, const std::string& name, const std::string& value) const {
    const auto response =
        api::http_ask(nodes_[node]->http(), {"PUT", "/v1/keys/" + name, Json{{"value", value}}.dump()}, 20);
    return response ? response->status : 0;
  }

  /// All that records do, in a ring of `count`.
  void use(std::size_t count) {
    form(count);
    const std::size_t losses = (count - 1) / 2;
    ASSERT_TRUE(survives(losses));
    const std::size_t last = count - 1;
    EXPECT_EQ(ring(0, {"put", "colour", "red"}).out, "version 1\n");
    EXPECT_EQ(ring(last, {"get", "colour"}).out, "red\n");
    ChildProcess watch({DART_BINARY_DIR "/dart", "ring", "watch", "colour", "--http", nodes_[0]->http()});
    EXPECT_EQ(watch.read_line(), "1 red");
    EXPECT_EQ(ring(last, {"cas", "colour", "--expect", "1", "-"}, "green").out, "version 2\n");
    EXPECT_EQ(watch.read_line(), "2 green") << "a change through another node";
    const auto conflict = ring(0, {"cas", "colour", "--expect", "1", "blue"});
    EXPECT_EQ(conflict.exit_code, 1);
    EXPECT_NE(conflict.err.find("has version 2, not 1"), std::string::npos) << conflict.err;
    EXPECT_EQ(ring(last, {"put", "binary", "-"}, std::string("\xFF\0x", 3)).out, "version 1\n");
    EXPECT_EQ(ring(0, {"get", "binary"}).out, std::string("\xFF\0x\n", 4));
    EXPECT_EQ(ring(0, {"ls-keys", "-o", "json"}).out,
              "{\"names\":[{\"name\":\"binary\",\"version\":1},{\"name\":\"colour\",\"version\":2}],"
              "\"more\":false}\n");
    EXPECT_EQ(ring(last, {"rm", "colour"}).out, "version 3\n");
    EXPECT_EQ(watch.read_line(), "3 (deleted)");
    EXPECT_EQ(ring(0, {"get", "colour"}).exit_code, 1);
    EXPECT_NE(
        ring(0, {"ls"}).out.find(losses == 0 ? "survive no loss" : "survive the loss of 1 node at once"),
        std::string::npos);
  }
};

TEST_F(KeysProcessesTest, ARingOfOne) { use(1); }

TEST_F(KeysProcessesTest, ARingOfTwoPausesWhenOneIsGone) {
  use(2);
  nodes_[1]->kill();
  const auto refused = ring(0, {"put", "shape", "round"});
  EXPECT_EQ(refused.exit_code, 1);
  // When the one that is gone was asked, it may have heard that.
  const bool honest = refused.err.find("no majority") != std::string::npos ||
                      refused.err.find("it is not known") != std::string::npos;
  EXPECT_TRUE(honest) << refused.err;
  const auto unread = ring(0, {"get", "binary"});
  EXPECT_EQ(unread.exit_code, 1);
  EXPECT_NE(unread.err.find("no majority"), std::string::npos) << unread.err;
  nodes_[1]->start();
  EXPECT_TRUE(await(kPatience, [&] { return put(0, "colour", "white") == 200; })) << "it goes on";
  EXPECT_EQ(ring(1, {"get", "colour"}).out, "white\n");
}

TEST_F(KeysProcessesTest, ARingOfThreeSurvivesOne) {
  use(3);
  nodes_[1]->kill();
  EXPECT_TRUE(await(kPatience, [&] { return put(0, "colour", "grey") == 200; }));
  EXPECT_EQ(ring(2, {"get", "colour"}).out, "grey\n");
}

TEST_F(KeysProcessesTest, WhatIsLeftGoesOnWhenToldTo) {
  form(3);
  ASSERT_TRUE(survives(1));
  EXPECT_EQ(put(0, "colour", "red"), 200U);
  nodes_[1]->kill();
  nodes_[2]->kill();
  EXPECT_EQ(ring(0, {"reform"}).exit_code, 2) << "not without --accept-loss";
  const auto reformed = ring(0, {"reform", "--accept-loss"});
  EXPECT_EQ(reformed.exit_code, 0) << reformed.err;
  EXPECT_NE(reformed.out.find("64 go on with what was left"), std::string::npos) << reformed.out;
  EXPECT_TRUE(await(kPatience, [&] { return put(0, "colour", "grey") == 200; }));
}

TEST_F(KeysProcessesTest, WhatWasWrittenIsThereAfterARestart) {
  form(1);
  EXPECT_EQ(put(0, "colour", "red"), 200U);
  nodes_[0]->kill();
  nodes_[0]->start();
  EXPECT_TRUE(await(kPatience, [&] { return ring(0, {"get", "colour"}).out == "red\n"; }));
  nodes_[0]->kill();
  std::filesystem::remove(folder_.file("n0/records.db"));
  std::filesystem::remove(folder_.file("n0/records.db-wal"));
  nodes_[0]->start();
  EXPECT_NE(put(0, "colour", "blue"), 200U) << "lost records are not founded anew behind the others' backs";
}

TEST_F(KeysProcessesTest, LentDiskIsALimit) {
  add({"--insecure", "--bootstrap", "--lend-disk", "1MiB"});
  ASSERT_TRUE(whole(kPatience));
  const std::string most(60'000, 'v');
  std::size_t taken = 0;
  while (taken < 100 && put(0, "name" + std::to_string(taken), most) == 200) ++taken;
  EXPECT_GE(taken, 17U);
  EXPECT_LE(taken, 18U) << "1 MiB of 60 kB";
  const auto full = ring(0, {"put", "another", "x"});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_NE(full.err.find("no room"), std::string::npos) << full.err;
  EXPECT_EQ(put(0, "name0", "x"), 200U) << "what is there can be changed";
  EXPECT_EQ(ring(0, {"put", "another", "x"}).exit_code, 0) << "that made room";
  const auto usage = run_process({DART_BINARY_DIR "/dart", "node", "start", "--lend-disk", "1kB"});
  EXPECT_EQ(usage.exit_code, 2);
}

TEST_F(KeysProcessesTest, ADamagedFileStopsTheNode) {
  form(1);
  EXPECT_EQ(put(0, "colour", "red"), 200U);
  EXPECT_EQ(nodes_[0]->leave().exit_code, 0);
  {
    std::ofstream file(folder_.file("n0/records.db"), std::ios::binary | std::ios::in);
    file.seekp(4096);
    file << std::string(4096, 'x');
  }
  const auto refused = run_process({DART_BINARY_DIR "/dart", "node", "start", "--insecure", "--http", "off",
                                    "--listen", "127.0.0.1:0", "--data", folder_.file("n0")});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("is damaged"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--data"), std::string::npos) << "what to do: " << refused.err;
}

}  // namespace
}  // namespace dart::test
