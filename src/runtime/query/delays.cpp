#include "runtime/query/delays.hpp"

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace dart::runtime {

void Delays::after(Duration wait, std::function<void()> work) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(loop_, std::chrono::microseconds(wait.us));
  timer->async_wait([timer, alive = alive_, work = std::move(work)](const boost::system::error_code& error) {
    if (!error && *alive) work();
  });
}

}  // namespace dart::runtime
