#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace dart::runtime {

/// Work that other threads hand to the loop's thread, in order: one posting for all that gathers until the
/// loop comes to it. Forgotten work is destroyed undone.
class LoopQueue : public std::enable_shared_from_this<LoopQueue> {
 public:
  explicit LoopQueue(boost::asio::io_context& loop) : loop_(loop) {}

  /// From any thread.
  void add(std::function<void()> work);
  /// On the loop's thread: nothing is done any more.
  void close();

 private:
  void run();

  boost::asio::io_context& loop_;
  std::mutex mutex_;
  std::vector<std::function<void()>> waiting_;
  bool posted_ = false;
  bool closed_ = false;
};

}  // namespace dart::runtime
