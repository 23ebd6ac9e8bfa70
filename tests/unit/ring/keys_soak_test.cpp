#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "unit/ring/key_clients.hpp"
#include "unit/ring/ring_of_processes.hpp"

namespace dart::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kNodes = 8;
constexpr std::size_t kClients = 6;
constexpr std::size_t kKeys = 5;

bool full_size() { return std::getenv("DART_SOAK") != nullptr; }

/// Firm records of eight processes over TLS, with clients that remember all that they heard.
class KeysSoakTest : public RingOfProcesses {
 protected:
  void SetUp() override {
    seed_ = std::random_device()();
    std::cout << "seed " << seed_ << '\n';
    form(kNodes, true);
    // Every group has five members: a node that dies leaves a majority.
    ASSERT_TRUE(await(std::chrono::seconds(60), [&] {
      return std::all_of(nodes_.begin(), nodes_.end(),
                         [](const auto& node) { return node->get("/v1/ring")["survives"] == 2; });
    }));
  }
  [[nodiscard]] std::vector<std::string> servers() const {
    std::vector<std::string> all;
    for (const auto& node : nodes_) all.push_back(node->http());
    return all;
  }

  unsigned seed_ = 0;
};

TEST_F(KeysSoakTest, NodesAreKilledAndNothingIsLost) {
  std::mt19937 random(seed_);
  KeyClients clients(servers(), kClients, kKeys, seed_);
  const auto until = Clock::now() + std::chrono::seconds(full_size() ? 60 : 12);
  std::size_t kills = 0;
  while (Clock::now() < until) {
    const auto next = Clock::now() + std::chrono::seconds(3);
    NodeProcess& victim = *nodes_[random() % kNodes];
    victim.kill();
    ++kills;
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 2000));
    ASSERT_NO_FATAL_FAILURE(victim.start());
    std::this_thread::sleep_until(next);
  }
  clients.stop();
  EXPECT_TRUE(clients.read_all(60)) << "all can be read once nobody is killed";
  RecordProperty("acknowledged", static_cast<int>(clients.acknowledged()));
  std::cout << kills << " kills, " << clients.acknowledged() << " changes acknowledged, " << clients.reads()
            << " reads\n";
  EXPECT_GE(kills, full_size() ? 15U : 3U);
  EXPECT_GE(clients.acknowledged(), kills * 20);
  EXPECT_EQ(clients.contradiction(), std::nullopt);
}

TEST_F(KeysSoakTest, APowerCutLosesNothingAcknowledged) {
  const int cuts = full_size() ? 20 : 2;
  KeyClients clients(servers(), kClients, kKeys, seed_);
  for (int cut = 0; cut < cuts; ++cut) {
    const std::size_t before = clients.acknowledged();
    ASSERT_TRUE(await(std::chrono::seconds(60), [&] { return clients.acknowledged() >= before + 50; }))
        << "after " << cut << " cuts";
    for (const auto& node : nodes_) node->signal(SIGKILL);
    for (const auto& node : nodes_) node->kill();
    for (const auto& node : nodes_) ASSERT_NO_FATAL_FAILURE(node->start());
    ASSERT_TRUE(clients.read_all(90)) << "after cut " << cut + 1;
  }
  clients.stop();
  std::cout << cuts << " power cuts, " << clients.acknowledged() << " changes acknowledged\n";
  EXPECT_EQ(clients.contradiction(), std::nullopt);
}

}  // namespace
}  // namespace dart::test
