#include "runtime/query/loop_queue.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace dart::runtime {

void LoopQueue::add(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    waiting_.push_back(std::move(work));
    if (std::exchange(posted_, true)) return;
  }
  boost::asio::post(loop_, [self = shared_from_this()] { self->run(); });
}

void LoopQueue::close() {
  std::vector<std::function<void()>> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(waiting_);
}

void LoopQueue::run() {
  std::vector<std::function<void()>> batch;
  {
    const std::lock_guard lock(mutex_);
    posted_ = false;
    if (closed_) return;
    batch.swap(waiting_);
  }
  for (const auto& work : batch) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
    }
    work();
  }
}

}  // namespace dart::runtime
