#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "support/temp_folder.hpp"
#include "unit/ring/node_process.hpp"

namespace dart::test {
namespace {

/// Keeps every core busy while it lives.
class Load {
 public:
  Load() {
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
      threads_.emplace_back([this] {
        while (!ending_.load(std::memory_order_relaxed)) spins_.fetch_add(1, std::memory_order_relaxed);
      });
    }
  }
  ~Load() {
    ending_ = true;
    for (auto& thread : threads_) thread.join();
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> spins_{0};
  std::vector<std::thread> threads_;
};

TEST(SaturatedSoakTest, NobodyIsDeclaredDeadWhileAllCoresAreBusy) {
  constexpr std::size_t kNodes = 8;
  const bool full = std::getenv("DART_SOAK") != nullptr;
  const std::chrono::seconds length(full ? 600 : 4);
  const support::TempFolder folder;
  {
    std::vector<std::unique_ptr<NodeProcess>> nodes;
    for (std::size_t i = 0; i < kNodes; ++i) {
      std::vector<std::string> flags = {"--insecure", "--bootstrap"};
      if (i > 0) flags = {"--insecure", "--join", nodes[0]->endpoint()};
      nodes.push_back(std::make_unique<NodeProcess>(folder.file("n" + std::to_string(i)), flags));
      nodes.back()->start();
    }
    const auto whole = [&] {
      return std::all_of(nodes.begin(), nodes.end(),
                         [](const auto& node) { return node->others().size() == kNodes - 1; });
    };
    ASSERT_TRUE(await(std::chrono::seconds(30), whole));
    const auto until = std::chrono::steady_clock::now() + length;
    {
      const Load load;
      while (std::chrono::steady_clock::now() < until) {
        for (const auto& node : nodes) ASSERT_EQ(node->counter("deaths"), 0U);
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
      }
    }
    std::uint64_t suspected = 0;
    std::uint64_t lags = 0;
    for (const auto& node : nodes) {
      EXPECT_EQ(node->counter("deaths"), 0U);
      suspected += node->counter("suspected");
      lags += node->counter("lags");
    }
    EXPECT_TRUE(whole());
    std::cout << length.count() << " s under load: no death, " << suspected << " suspicions, " << lags
              << " lags\n";
  }
}

}  // namespace
}  // namespace dart::test
