#include "runtime/ring/record_store.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "support/temp_folder.hpp"
#include "unit/runtime/watched_disk.hpp"

namespace dart::runtime {
namespace {

using Batch = RecordStore::Batch;
using Records = std::vector<RecordStore::Record>;

void alter(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

class RecordStoreTest : public testing::Test {
 protected:
  /// A store with records of all lengths.
  Records fill() const {
    Records records;
    auto store = RecordStore::open(path_);
    EXPECT_TRUE(store) << store.error().message;
    for (std::size_t i = 0; i < 40; ++i) {
      records.emplace_back(fmt::format("key {:02}", i),
                           std::string(i * 37 % 600, static_cast<char>('a' + i % 26)));
      const Batch batch{i + 1, {{records.back().first, records.back().second}}};
      EXPECT_TRUE(store->commit({&batch, 1}));
    }
    return records;
  }

  support::TempFolder folder_;
  std::string path_ = folder_.file("records");
};

TEST_F(RecordStoreTest, KeepsWhatWasWritten) {
  const std::string bytes("\0\xFF\n'", 4);
  {
    auto store = RecordStore::open(path_);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(store->load().value(), Records());
    const Batch batches[] = {{1, {{"b", "1"}, {"a", "2"}}},
                             {2, {{bytes, bytes}, {"", ""}, {"b", std::nullopt}}},
                             {3, {{"a", "3"}, {"never was", std::nullopt}}},
                             {4, {}}};
    ASSERT_TRUE(store->commit(batches));
    ASSERT_TRUE(store->commit({}));
    EXPECT_EQ(store->load().value(), (Records{{"", ""}, {bytes, bytes}, {"a", "3"}}));
    EXPECT_EQ(store->bytes(), 10U);
  }
  auto again = RecordStore::open(path_);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->load().value(), (Records{{"", ""}, {bytes, bytes}, {"a", "3"}}));
  EXPECT_EQ(again->bytes(), 10U) << "of keys and values alone";
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(RecordStoreTest, OneOwnerAtATime) {
  const auto first = RecordStore::open(path_);
  ASSERT_TRUE(first);
  const auto second = RecordStore::open(path_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Capacity);
  EXPECT_NE(second.error().message.find(path_), std::string::npos);
}

TEST_F(RecordStoreTest, IsOnTheDiskWhenItSaysSo) {
  WatchedDisk disk(folder_.file("kept"));
  auto store = RecordStore::open(path_);
  ASSERT_TRUE(store) << store.error().message;
  Records expected;
  // Long values, so that the log moves into the file in between.
  for (std::uint64_t token = 1; token <= 350; ++token) {
    const std::string key = fmt::format("{:02}", token % 20);
    const Batch batch{token, {{key, std::string(30'000, 'x') + std::to_string(token)}}};
    const int syncs = disk.syncs();
    ASSERT_TRUE(store->commit({&batch, 1}));
    EXPECT_GT(disk.syncs(), syncs);
    std::erase_if(expected, [&](const auto& record) { return record.first == key; });
    expected.emplace_back(key, *batch.writes[0].value);
    if (token % 35 != 0) continue;
    // What the power cut leaves, looked at elsewhere.
    const support::TempFolder after;
    std::filesystem::copy(folder_.file("kept"), after.path(), std::filesystem::copy_options::recursive);
    auto left = RecordStore::open(after.file("records"));
    ASSERT_TRUE(left) << left.error().message;
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(left->load().value(), expected) << "after batch " << token;
  }
  EXPECT_LT(std::filesystem::file_size(path_ + "-wal"), 8U << 20) << "the log never moved";
}

TEST_F(RecordStoreTest, OneSyncForAllThatWait) {
  WatchedDisk disk(folder_.file("kept"));
  auto store = RecordStore::open(path_);
  ASSERT_TRUE(store);
  std::vector<Batch> batches;
  for (std::uint64_t token = 1; token <= 64; ++token)
    batches.push_back({token, {{std::to_string(token), "v"}}});
  const Batch first{0, {{"first", "makes the log"}}};
  ASSERT_TRUE(store->commit({&first, 1}));
  const int syncs = disk.syncs();
  ASSERT_TRUE(store->commit(batches));
  EXPECT_EQ(disk.syncs(), syncs + 1);
  EXPECT_EQ(store->load()->size(), 65U);
}

TEST_F(RecordStoreTest, AFailureIsForGood) {
  WatchedDisk disk(folder_.file("kept"));
  auto store = RecordStore::open(path_);
  ASSERT_TRUE(store);
  const Batch one{1, {{"a", "1"}}};
  const Batch two{2, {{"b", "2"}}};
  ASSERT_TRUE(store->commit({&one, 1}));
  disk.fail_syncs(true);
  const auto failed = store->commit({&two, 1});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::Io);
  EXPECT_NE(failed.error().message.find(path_), std::string::npos) << failed.error().message;
  EXPECT_NE(failed.error().hint.find("start the node again"), std::string::npos) << failed.error().hint;
  // A disk that takes writes again has forgotten those that it did not take.
  disk.fail_syncs(false);
  const auto later = store->commit({&two, 1});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().message, failed.error().message);
  EXPECT_FALSE(store->load());
}

TEST_F(RecordStoreTest, NoByteChangesUnseen) {
  const Records records = fill();
  const std::string good = folder_.read("records");
  ASSERT_GT(good.size(), 8192U);
  ASSERT_FALSE(std::filesystem::exists(path_ + "-wal")) << "the log is gone with the last owner";
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); at += at < 200 ? 1 : 61) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    const support::TempFolder folder;
    auto store = RecordStore::open(folder.write("records", bad));
    const auto loaded = store ? store->load() : Result<Records>(tl::unexpected(store.error()));
    if (loaded) {
      EXPECT_EQ(*loaded, records) << "byte " << at;
    } else {
      ++refused;
      EXPECT_NE(loaded.error().message.find(folder.file("records")), std::string::npos)
          << loaded.error().message;
      EXPECT_FALSE(loaded.error().hint.empty()) << loaded.error().message;
    }
  }
  EXPECT_GT(refused, 100U);
}

TEST_F(RecordStoreTest, PartsOfAFileAreRefused) {
  fill();
  const std::string good = folder_.read("records");
  for (const std::size_t bytes : {good.size() / 2, std::size_t{4096}, std::size_t{1000}, std::size_t{10}}) {
    folder_.write("records", good.substr(0, bytes));
    auto store = RecordStore::open(path_);
    const auto loaded = store ? store->load() : Result<Records>(tl::unexpected(store.error()));
    ASSERT_FALSE(loaded) << bytes;
    EXPECT_EQ(loaded.error().code, ErrorCode::Data) << loaded.error().message;
  }
  folder_.write("records", "");
  folder_.write("records-wal", "what is left");
  const auto store = RecordStore::open(path_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::Data);
  EXPECT_EQ(folder_.read("records-wal"), "what is left");
}

TEST_F(RecordStoreTest, ForeignFilesAreLeftAlone) {
  folder_.write("records", std::string(10'000, 'x'));
  auto store = RecordStore::open(path_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::Data);
  EXPECT_EQ(folder_.read("records"), std::string(10'000, 'x'));
  folder_.write("records", "");
  alter(path_, "CREATE TABLE music (title TEXT)");
  const std::string music = folder_.read("records");
  store = RecordStore::open(path_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::Data);
  EXPECT_EQ(folder_.read("records"), music);
}

TEST_F(RecordStoreTest, OtherVersionsAreRefused) {
  const Records records = fill();
  alter(path_, "PRAGMA user_version = 0");
  const auto older = RecordStore::open(path_);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, ErrorCode::Unsupported);
  EXPECT_NE(older.error().hint.find("older program"), std::string::npos);
  alter(path_, "PRAGMA user_version = 2");
  const auto newer = RecordStore::open(path_);
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::Unsupported);
  EXPECT_NE(newer.error().hint.find("newer program"), std::string::npos);
  alter(path_, "PRAGMA user_version = 1");
  auto same = RecordStore::open(path_);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->load().value(), records);
}

}  // namespace
}  // namespace dart::runtime
