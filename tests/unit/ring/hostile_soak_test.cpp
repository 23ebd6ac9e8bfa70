#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "base/random.hpp"
#include "overlay/framing/frame.hpp"
#include "runtime/file_io.hpp"
#include "runtime/net/identity.hpp"
#include "support/temp_folder.hpp"
#include "unit/ring/hostile_peer.hpp"
#include "unit/ring/node_process.hpp"

namespace dart::test {
namespace {

using overlay::framing::Channel;
using overlay::framing::FrameType;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{60'000};
/// What a hostile crowd may cost a node.
constexpr std::size_t kMostGrowth = 5'000'000;

bool full_size() { return std::getenv("DART_SOAK") != nullptr; }

std::string noise(Random& random, std::size_t most) {
  std::string bytes(random.below(most + 1), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

/// Bytes that end a connection at once: noise, a header that cannot be, a frame that is too long or comes too
/// early.
std::string fatal_bytes(Random& random) {
  std::string bytes;
  switch (random.below(4)) {
    case 0:
      return "\xff\xff\xff\xff" + noise(random, 200) + std::string(8, 'x');
    case 1:
      overlay::framing::append_message(bytes, Channel::Data, {0, noise(random, 500)});
      return bytes;
    case 2:
      overlay::framing::append_frame(bytes, FrameType::Hello, Channel::Upkeep, noise(random, 900));
      return bytes;
    default:
      overlay::framing::append_frame(bytes, FrameType::Hello, Channel::Upkeep, std::string(2000, 'x'));
      return bytes;
  }
}

class HostileSoakTest : public testing::Test {
 protected:
  HostileSoakTest() {
    node_ = std::make_unique<NodeProcess>(folder_.file("n"),
                                          std::vector<std::string>{"--insecure", "--bootstrap"});
    node_->start();
  }
  [[nodiscard]] std::uint64_t counted(const std::string& prefix) const {
    const Json ring = node_->get("/v1/ring");
    std::uint64_t all = 0;
    if (!ring.is_object()) return 0;
    for (const auto& [name, value] : ring["counters"].items()) {
      if (name.starts_with(prefix)) all += value.get<std::uint64_t>();
    }
    return all;
  }
  void expect_alive_and_small(std::size_t before, const char* after) const {
    EXPECT_TRUE(node_->get("/v1/route?key=still-there").is_object());
    const std::size_t now = node_->resident_bytes();
    const std::size_t grown = now > before ? now - before : 0;
    std::cout << "resident memory grew by " << grown / 1000 << " kB after " << after << '\n';
#ifndef __SANITIZE_ADDRESS__
    EXPECT_LT(grown, kMostGrowth);
#endif
  }

  support::TempFolder folder_;
  std::unique_ptr<NodeProcess> node_;
};

TEST_F(HostileSoakTest, BadFramesAreCountedAndCostNoMemory) {
  const std::uint64_t seed = 20240607;
  std::cout << "seed " << seed << '\n';
  Random random(seed);
  const std::uint64_t frames = full_size() ? 1'000'000 : 50'000;
  const std::uint64_t fatal = frames / 50;
  const std::string ring = node_->get("/v1/ring")["ring"];
  ASSERT_TRUE(node_->get("/v1/nodes").is_object());
  const std::size_t before = node_->resident_bytes();
  for (std::uint64_t i = 0; i < fatal; ++i) {
    const HostilePeer peer(node_->endpoint());
    ASSERT_TRUE(peer.connected());
    peer.send(fatal_bytes(random));
    ASSERT_TRUE(peer.wait_closed()) << "bytes that end a connection did not, number " << i;
  }
  EXPECT_GE(counted("refused_"), fatal);
  const HostilePeer member(node_->endpoint());
  ASSERT_TRUE(member.greet(ring));
  std::string batch;
  for (std::uint64_t sent = fatal; sent < frames; ++sent) {
    overlay::framing::append_message(batch, Channel::Upkeep, {0, noise(random, 100)});
    if (batch.size() < 60'000 && sent + 1 < frames) continue;
    ASSERT_TRUE(member.send(batch));
    batch.clear();
  }
  EXPECT_TRUE(await(kPatience, [&] { return counted("dropped_malformed") >= frames - fatal; }));
  expect_alive_and_small(before, (std::to_string(frames) + " bad frames").c_str());
}

/// A greeting of TLS from somebody whose certificate nobody here signed.
std::string client_hello() {
  const auto authority = *runtime::make_authority("elsewhere", 1);
  const auto identity = *runtime::HostIdentity::secure(authority.certificate,
                                                       *runtime::make_host_certificate(authority, "x", 1, 1));
  std::string plain;
  std::string out;
  EXPECT_TRUE(identity->open_session(true)->receive({}, plain, out));
  return out;
}

TEST_F(HostileSoakTest, HalfDoneHandshakesAreBounded) {
  const auto authority = *runtime::make_authority("here", 1);
  const auto pair = *runtime::make_host_certificate(authority, "a", 1, 1);
  const std::string stem = folder_.file("cert");
  ASSERT_TRUE(runtime::write_new_file(stem + "-ca.pem", authority.certificate, 0644));
  ASSERT_TRUE(runtime::write_new_file(stem + ".pem", pair.certificate, 0644));
  ASSERT_TRUE(runtime::write_new_file(stem + "-key.pem", pair.key, 0600));
  node_ = std::make_unique<NodeProcess>(
      folder_.file("secure"), std::vector<std::string>{"--bootstrap", "--ca", stem + "-ca.pem", "--cert",
                                                       stem + ".pem", "--key", stem + "-key.pem"});
  node_->start();
  ASSERT_TRUE(node_->get("/v1/nodes").is_object());
  const std::size_t before = node_->resident_bytes();
  const std::size_t count = full_size() ? 10'000 : 500;
  const std::string hello = client_hello();
  std::vector<std::unique_ptr<HostilePeer>> half;
  for (std::size_t i = 0; i < count; ++i) {
    half.push_back(std::make_unique<HostilePeer>(node_->endpoint()));
    ASSERT_TRUE(half.back()->connected()) << "number " << i;
    half.back()->send(hello);
  }
  EXPECT_TRUE(await(kPatience, [&] { return node_->counter("accepted") >= count; }));
  expect_alive_and_small(before, (std::to_string(count) + " half-done handshakes").c_str());
  EXPECT_TRUE(await(kPatience, [&] {
    return node_->counter("refused_half_open_evicted") + node_->counter("refused_handshake_timeout") >= count;
  })) << "silence is given an end";
}

TEST_F(HostileSoakTest, HalfOpenConnectionsAreBounded) {
  const std::size_t count = full_size() ? 10'000 : 1'000;
  ASSERT_TRUE(node_->get("/v1/nodes").is_object());
  const std::size_t before = node_->resident_bytes();
  std::vector<std::unique_ptr<HostilePeer>> silent;
  for (std::size_t i = 0; i < count; ++i) {
    silent.push_back(std::make_unique<HostilePeer>(node_->endpoint()));
    ASSERT_TRUE(silent.back()->connected()) << "number " << i;
    // Some begin a frame and never end it.
    if (i % 3 == 0) silent.back()->send(std::string_view("\x10\0\0\0\x01", 5));
  }
  EXPECT_TRUE(await(kPatience, [&] { return node_->counter("accepted") >= count; }));
  expect_alive_and_small(before, (std::to_string(count) + " half-open connections").c_str());
  EXPECT_TRUE(await(kPatience, [&] {
    return node_->counter("refused_half_open_evicted") + node_->counter("refused_handshake_timeout") >= count;
  })) << "silence is given an end";
}

}  // namespace
}  // namespace dart::test
