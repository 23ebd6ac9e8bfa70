#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/exchange/frame.hpp"
#include "overlay/node_handle.hpp"
#include "runtime/query/delays.hpp"
#include "runtime/query/query_output.hpp"

namespace dart::runtime {

/// Rows of a query's output that some client wants to see.
struct TailPiece {
  std::uint64_t run = 0;
  std::uint64_t first = 0;  ///< number of the first of these rows in this run, from 0
  std::vector<std::string> lines;
  std::uint64_t missed = 0;  ///< rows before `first` that are not kept any more
  bool ended = false;
};

/// Rows of outputs for those who look: asked of this host by itself and by others, and asked of others for
/// clients of this host. An answer waits up to a second for rows. Lives on the loop's thread.
class Tails {
 public:
  using Send = std::function<void(const overlay::Endpoint& to, const engine::exchange::Frame& frame)>;
  using EndpointOf = std::function<overlay::Endpoint(const overlay::NodeHandle& host)>;
  /// Null: this host has no output of the query.
  using Find = std::function<std::shared_ptr<QueryOutput>(const Key& query)>;
  using Done = std::function<void(Result<TailPiece>)>;

  Tails(boost::asio::io_context& loop, Send send, EndpointOf endpoint_of, Find find);

  /// Of this host.
  void fetch_here(const Key& query, std::uint64_t run, std::uint64_t first, Done done);
  void fetch(const overlay::NodeHandle& host, const Key& query, std::uint64_t run, std::uint64_t first,
             Done done);
  /// The output of the query has new rows, or is gone.
  void changed(const Key& query);

  void serve(const overlay::Endpoint& peer, const engine::exchange::FetchRowsFrame& frame);
  void take(const engine::exchange::RowsFrame& frame);

 private:
  struct Waiter {
    std::uint64_t number = 0;
    Key query;
    std::uint64_t run = 0;
    std::uint64_t first = 0;
    overlay::Endpoint peer;  // empty: this host
    std::uint64_t request = 0;
    std::function<void(bool known, QueryOutput::Piece piece)> answer;
  };
  struct Asked {
    overlay::NodeHandle host;
    engine::exchange::FetchRowsFrame frame;
    int tries = 0;
    Done done;
  };

  void wait(Waiter waiter);
  /// Answers it if it can, or must.
  bool answer(const Waiter& waiter, bool at_once);
  void ask(std::uint64_t request);

  Send send_;
  EndpointOf endpoint_of_;
  Find find_;
  std::list<Waiter> waiters_;
  std::map<std::uint64_t, Asked> asked_;
  std::uint64_t next_ = 1;
  Delays delays_;
};

}  // namespace dart::runtime
