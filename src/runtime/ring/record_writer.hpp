#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "base/result.hpp"
#include "runtime/disk_queue.hpp"
#include "runtime/ring/record_store.hpp"

namespace dart::runtime {

/// Brings batches of a loop to a RecordStore on the thread of a DiskQueue, and says in the loop what is on
/// the disk. All batches that wait while one transaction is written go into the next: one fsync for them all.
/// Work of others on the same queue delays them, so a resolver belongs elsewhere.
class RecordWriter {
 public:
  /// Called on the loop's thread, once a commit. What has this token and what was added before it is on the
  /// disk, where `bytes` of keys and values lie now.
  using Persisted = std::function<void(std::uint64_t token, std::uint64_t bytes)>;
  /// Called once, on the loop's thread. What was not reported until then never will be.
  using Failed = std::function<void(const Error& why)>;

  /// Loop and queue must outlive the writer, the loop the queue's work too.
  RecordWriter(boost::asio::io_context& loop, DiskQueue& disk, RecordStore store, Persisted persisted,
               Failed failed);
  /// What was added is still written; nobody hears of it.
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  /// Tokens rise. On the loop's thread, like all here; never waits.
  void add(RecordStore::Batch batch);

 private:
  struct Listeners;
  struct Work;

  std::shared_ptr<Listeners> listeners_;
  std::shared_ptr<Work> work_;
  DiskQueue& disk_;
  std::uint64_t last_token_ = 0;
};

}  // namespace dart::runtime
