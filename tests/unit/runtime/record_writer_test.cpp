#include "runtime/ring/record_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"
#include "unit/runtime/watched_disk.hpp"

namespace dart::runtime {
namespace {

class RecordWriterTest : public testing::Test {
 protected:
  std::unique_ptr<RecordWriter> make() {
    auto store = RecordStore::open(folder_.file("records"));
    EXPECT_TRUE(store) << store.error().message;
    return std::make_unique<RecordWriter>(
        loop_, *disk_, *std::move(store),
        [this](std::uint64_t token, std::uint64_t bytes) {
          persisted_.push_back(token);
          bytes_ = bytes;
        },
        [this](const Error& why) { failures_.push_back(why); });
  }
  static RecordStore::Batch batch(std::uint64_t token) {
    return {token, {{"key " + std::to_string(token), "value"}}};
  }
  /// Keeps the disk's thread busy until the promise is kept.
  std::promise<void> hold_disk() {
    std::promise<void> release;
    disk_->add([released = std::make_shared<std::future<void>>(release.get_future())] { released->wait(); });
    return release;
  }
  /// Waits for the disk's thread to have done all, then hears of it.
  void settle() {
    std::promise<void> done;
    disk_->add([&] { done.set_value(); });
    done.get_future().wait();
    loop_.restart();
    loop_.run();
  }
  std::size_t on_disk() {
    auto store = RecordStore::open(folder_.file("records"));
    EXPECT_TRUE(store) << store.error().message;
    return store->load().value().size();
  }

  support::TempFolder folder_;
  boost::asio::io_context loop_;
  std::vector<std::uint64_t> persisted_;
  std::uint64_t bytes_ = 0;
  std::vector<Error> failures_;
  std::unique_ptr<DiskQueue> disk_ = std::make_unique<DiskQueue>();
};

TEST_F(RecordWriterTest, ReportsInOrderAndEndsWithTheLast) {
  auto writer = make();
  for (std::uint64_t token = 1; token <= 500; ++token) writer->add(batch(token * 3));
  settle();
  ASSERT_FALSE(persisted_.empty());
  EXPECT_EQ(persisted_.back(), 1500U);
  EXPECT_EQ(bytes_, 3U * 10 + 30 * 11 + 300 * 12 + 167 * 13) << "keys have 5 to 8 bytes, values 5";
  EXPECT_TRUE(std::is_sorted(persisted_.begin(), persisted_.end()));
  EXPECT_TRUE(failures_.empty());
  writer.reset();
  settle();
  EXPECT_EQ(on_disk(), 500U);
}

TEST_F(RecordWriterTest, WhatWaitsGoesTogether) {
  WatchedDisk disk(folder_.file("kept"));
  auto writer = make();
  writer->add(batch(1));
  settle();
  const int syncs = disk.syncs();
  auto release = hold_disk();
  for (std::uint64_t token = 2; token <= 101; ++token) writer->add(batch(token));
  release.set_value();
  settle();
  EXPECT_EQ(persisted_, (std::vector<std::uint64_t>{1, 101}));
  EXPECT_EQ(disk.syncs(), syncs + 1);
  writer.reset();
  disk_.reset();
}

TEST_F(RecordWriterTest, NothingIsReportedAfterAFailure) {
  WatchedDisk disk(folder_.file("kept"));
  auto writer = make();
  writer->add(batch(1));
  settle();
  ASSERT_EQ(persisted_, std::vector<std::uint64_t>{1});
  disk.fail_syncs(true);
  writer->add(batch(2));
  settle();
  ASSERT_EQ(failures_.size(), 1U);
  EXPECT_NE(failures_[0].message.find(folder_.file("records")), std::string::npos) << failures_[0].message;
  disk.fail_syncs(false);
  writer->add(batch(3));
  settle();
  EXPECT_EQ(persisted_, std::vector<std::uint64_t>{1});
  EXPECT_EQ(failures_.size(), 1U);
  writer.reset();
  disk_.reset();
}

TEST_F(RecordWriterTest, AnEndedWriterStillWritesAndIsSilent) {
  auto writer = make();
  auto release = hold_disk();
  for (std::uint64_t token = 1; token <= 10; ++token) writer->add(batch(token));
  writer.reset();
  release.set_value();
  settle();
  EXPECT_TRUE(persisted_.empty());
  EXPECT_EQ(on_disk(), 10U);
}

}  // namespace
}  // namespace dart::runtime
