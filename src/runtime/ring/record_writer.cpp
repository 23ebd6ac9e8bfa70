#include "runtime/ring/record_writer.hpp"

#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "base/check.hpp"

namespace dart::runtime {

namespace {

/// From the beginning of one commit to the next: under load more batches share one, which costs less
/// processor; a batch that comes alone does not wait.
constexpr std::chrono::milliseconds kBetweenCommits{8};

}  // namespace

/// Only the loop's thread looks inside; gone with the writer.
struct RecordWriter::Listeners {
  Persisted persisted;
  Failed failed;
};

/// What both threads share. Lives until the queue is done with it, longer than the writer.
struct RecordWriter::Work {
  Work(boost::asio::io_context& owner, RecordStore records) : loop(owner), store(std::move(records)) {}

  /// Whether the queue must be told.
  bool put(RecordStore::Batch batch) {
    const std::lock_guard lock(mutex);
    waiting.push_back(std::move(batch));
    return !std::exchange(queued, true);
  }

  void write() {
    std::this_thread::sleep_until(next_commit);
    next_commit = std::chrono::steady_clock::now() + kBetweenCommits;
    std::vector<RecordStore::Batch> group;
    {
      const std::lock_guard lock(mutex);
      group.swap(waiting);
      queued = false;
    }
    if (failed) return;
    const auto status = store.commit(group);
    failed = !status;
    if (status) {
      tell([token = group.back().token, bytes = store.bytes()](const Listeners& to) {
        to.persisted(token, bytes);
      });
    } else {
      tell([why = status.error()](const Listeners& to) { to.failed(why); });
    }
  }

  template <class Message>
  void tell(Message message) {
    boost::asio::post(loop, [to = listeners, message = std::move(message)] {
      if (const auto alive = to.lock()) message(*alive);
    });
  }

  boost::asio::io_context& loop;
  std::weak_ptr<Listeners> listeners;
  std::mutex mutex;
  std::vector<RecordStore::Batch> waiting;
  bool queued = false;  ///< the queue will call `write` for what waits

  // Of the queue's thread alone.
  RecordStore store;
  bool failed = false;
  std::chrono::steady_clock::time_point next_commit{};
};

RecordWriter::RecordWriter(boost::asio::io_context& loop, DiskQueue& disk, RecordStore store,
                           Persisted persisted, Failed failed)
    : listeners_(std::make_shared<Listeners>(Listeners{std::move(persisted), std::move(failed)})),
      work_(std::make_shared<Work>(loop, std::move(store))),
      disk_(disk) {
  work_->listeners = listeners_;
}

RecordWriter::~RecordWriter() = default;

void RecordWriter::add(RecordStore::Batch batch) {
  DART_CHECK(batch.token > last_token_);
  last_token_ = batch.token;
  if (work_->put(std::move(batch))) disk_.add([work = work_] { work->write(); });
}

}  // namespace dart::runtime
