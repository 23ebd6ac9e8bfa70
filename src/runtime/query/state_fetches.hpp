#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/exchange/frame.hpp"
#include "overlay/node_handle.hpp"
#include "placement/port.hpp"
#include "runtime/query/delays.hpp"

namespace dart::runtime {

/// Brings over what instances held behind a barrier on other hosts, piece by piece; a piece that does not
/// come is asked for again. Lives on the loop's thread.
class StateFetches {
 public:
  using Send =
      std::function<void(const overlay::NodeHandle& to, const engine::exchange::FetchStateFrame& frame)>;
  using Done = std::function<void(Result<std::string>)>;

  StateFetches(boost::asio::io_context& loop, Send send) : send_(std::move(send)), delays_(loop) {}

  /// The state that `action` opens its instance with; an Error when its host is silent or does not have it.
  void fetch(const placement::OpenInstance& action, Done done);
  void take(const engine::exchange::StateFrame& frame);

 private:
  struct Fetch {
    overlay::NodeHandle from;
    engine::exchange::FetchStateFrame frame;
    std::string bytes;
    std::int64_t heard_us = 0;
    std::int64_t asked_us = 0;
    Done done;
  };

  void ask(std::uint64_t request);
  void watch(std::uint64_t request);
  void end(std::uint64_t request, Result<std::string> result);

  Send send_;
  std::map<std::uint64_t, Fetch> fetches_;
  std::uint64_t next_ = 1;
  Delays delays_;
};

/// The answer to a request for a state that is here.
[[nodiscard]] engine::exchange::StateFrame piece_of(const engine::exchange::FetchStateFrame& asked,
                                                    std::string_view state);

}  // namespace dart::runtime
