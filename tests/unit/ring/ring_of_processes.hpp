#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"
#include "unit/ring/node_process.hpp"

namespace dart::test {

inline constexpr std::chrono::milliseconds kPatience{30'000};

/// Tests over a ring of real processes.
class RingOfProcesses : public testing::Test {
 protected:
  NodeProcess& add(std::vector<std::string> flags, std::vector<std::string> wrapper = {}) {
    nodes_.push_back(std::make_unique<NodeProcess>(folder_.file("n" + std::to_string(nodes_.size())),
                                                   std::move(flags), std::move(wrapper)));
    nodes_.back()->start();
    return *nodes_.back();
  }
  /// A ring of `count`; all but the first join through the first.
  void form(std::size_t count, bool secure = false) {
    if (secure) cert({"ca", "--out", folder_.file("ca")});
    const auto start = [&](std::size_t i, std::vector<std::string> flags) {
      const auto identity = secure ? certificate("host" + std::to_string(i), folder_.file("ca"))
                                   : std::vector<std::string>{"--insecure"};
      flags.insert(flags.end(), identity.begin(), identity.end());
      add(std::move(flags));
    };
    start(0, {"--bootstrap"});
    for (std::size_t i = 1; i < count; ++i) start(i, {"--join", nodes_[0]->endpoint()});
    ASSERT_TRUE(whole(kPatience)) << "no ring of " << count;
  }
  static void cert(std::vector<std::string> command) {
    command.insert(command.begin(), {DART_BINARY_DIR "/dart", "cert"});
    const auto result = run_process(command);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  /// Flags of a host that the authority in this folder signed.
  [[nodiscard]] std::vector<std::string> certificate(const std::string& name, const std::string& ca) const {
    cert({"host", name, "--ca", ca, "--out", folder_.file("certs")});
    const std::string stem = folder_.file("certs/" + name);
    return {"--ca", ca + "/ca.pem", "--cert", stem + ".pem", "--key", stem + "-key.pem"};
  }
  /// Whether each running node knows all the others, holds its leases, and names the same ring.
  [[nodiscard]] bool is_whole() const {
    std::set<std::string> rings;
    const auto running = static_cast<std::size_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->running(); }));
    for (const auto& node : nodes_) {
      if (!node->running()) continue;
      const Json ring = node->get("/v1/ring");
      if (!ring.is_object() || ring["joined"] != true || ring["ready"] != true) return false;
      rings.insert(ring["ring"].get<std::string>());
      const auto others = node->others();
      if (others.size() != running - 1) return false;
    }
    return rings.size() == 1;
  }
  [[nodiscard]] bool whole(std::chrono::milliseconds limit) const {
    return await(limit, [this] { return is_whole(); });
  }

  support::TempFolder folder_;
  std::vector<std::unique_ptr<NodeProcess>> nodes_;
};

}  // namespace dart::test
