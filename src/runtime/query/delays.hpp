#pragma once

#include <functional>
#include <memory>

#include "base/time.hpp"

namespace boost::asio {
class io_context;
}

namespace dart::runtime {

/// Work for later on the loop's thread, forgotten with its owner.
class Delays {
 public:
  explicit Delays(boost::asio::io_context& loop) : loop_(loop) {}
  ~Delays() { *alive_ = false; }
  Delays(const Delays&) = delete;
  Delays& operator=(const Delays&) = delete;

  void after(Duration wait, std::function<void()> work);

 private:
  boost::asio::io_context& loop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace dart::runtime
