#include "runtime/ring/node_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/limits.hpp"
#include "runtime/file_io.hpp"
#include "support/temp_folder.hpp"

namespace dart::runtime {
namespace {

class NodeStoreTest : public testing::Test {
 protected:
  static overlay::NodeHandle peer(std::uint64_t number) {
    overlay::NodeHandle handle;
    handle.id = {number, ~number};
    handle.endpoints[0] = Endpoint::ipv4(0x0A000001, static_cast<std::uint16_t>(1000 + number));
    handle.incarnation = 3;
    handle.nonce = UINT64_MAX - number;
    return handle;
  }

  support::TempFolder root_;
  std::string folder_ = root_.file("deep/node");
};

TEST_F(NodeStoreTest, KeepsWhatTheNextLifeNeeds) {
  const overlay::framing::RingId ring = {1, 2, 3, 0xFE};
  overlay::framing::HostKey key{};
  std::vector<overlay::NodeHandle> peers;
  for (std::uint64_t i = 0; i < 100; ++i) peers.push_back(peer(i));
  peers[0].endpoints[1] = *parse_endpoint("[2001:db8::1]:7400");
  {
    auto store = NodeStore::open(folder_);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(store->incarnation(), 0U);
    EXPECT_FALSE(store->ring());
    EXPECT_FALSE(store->founding());
    ASSERT_TRUE(store->set_incarnation(7));
    ASSERT_TRUE(store->set_ring(ring, true));
    ASSERT_TRUE(store->write_peers(peers));
    key = *store->insecure_key();
  }
  auto again = NodeStore::open(folder_);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->incarnation(), 7U);
  EXPECT_EQ(again->ring(), ring);
  EXPECT_TRUE(again->founding());
  EXPECT_EQ(*again->insecure_key(), key);
  peers.resize(limits::kKeptPeers);
  EXPECT_EQ(again->peers(), peers);
  struct stat status {};
  ASSERT_EQ(stat((folder_ + "/insecure-key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(NodeStoreTest, OneProcessAtATime) {
  const auto first = NodeStore::open(folder_);
  ASSERT_TRUE(first);
  const auto second = NodeStore::open(folder_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Capacity);
}

TEST_F(NodeStoreTest, DamageIsSaidNotGuessed) {
  {
    auto store = NodeStore::open(folder_);
    ASSERT_TRUE(store->set_incarnation(2));
  }
  std::ofstream(folder_ + "/peers") << "nonsense\n\n1 2 3\n";
  {
    const auto peers_lost = NodeStore::open(folder_);
    ASSERT_TRUE(peers_lost) << "peers are only a hint";
    EXPECT_TRUE(peers_lost->peers().empty());
  }
  std::ofstream(folder_ + "/node") << "incarnation many\n";
  EXPECT_FALSE(NodeStore::open(folder_));
  std::ofstream(folder_ + "/node") << "incarnation 3\nring 12\n";
  EXPECT_FALSE(NodeStore::open(folder_));
  std::ofstream(folder_ + "/node") << "";
  EXPECT_FALSE(NodeStore::open(folder_)) << "a file without an incarnation";
}

TEST(FileBirth, stays_through_writes_and_is_not_copied) {
  support::TempFolder folder;
  const std::string path = folder.file("records");
  ASSERT_TRUE(write_new_file(path, "one", 0600).has_value());
  const auto birth = file_birth(path);
  ASSERT_TRUE(birth.has_value());
  std::ofstream(path, std::ios::app) << "more";
  EXPECT_EQ(*file_birth(path), *birth);
  std::filesystem::copy_file(path, path + ".copy");
  EXPECT_NE(*file_birth(path + ".copy"), *birth);
  EXPECT_EQ(file_birth(path + ".gone").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace dart::runtime
