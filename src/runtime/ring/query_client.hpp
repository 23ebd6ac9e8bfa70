#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "node/node_core.hpp"
#include "placement/port.hpp"

namespace dart::runtime {

/// The queries of a ring, as a local client of one node asks for them: callbacks instead of tags. Lives on
/// the loop's thread; callbacks come from inside the driver and must not step it.
class QueryClient {
 public:
  /// Feeds the node, in a later turn of the loop.
  using Feed = std::function<void(node::Input)>;
  using Done = std::function<void(const placement::RequestDone&)>;
  using Heard = std::function<void(const placement::QueryEvent&)>;

  explicit QueryClient(Feed feed) : feed_(std::move(feed)) {}
  QueryClient(const QueryClient&) = delete;
  QueryClient& operator=(const QueryClient&) = delete;

  /// Runs it, whatever its tag; `done` is called once.
  void request(placement::Request request, Done done);
  /// `heard` is called with each event of a query that this node schedules, until what this gives is let go.
  [[nodiscard]] std::shared_ptr<void> listen(Heard heard);

  /// What the node said.
  void on(const placement::RequestDone& done);
  void on(const placement::QueryEvent& event);

 private:
  Feed feed_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Done> running_;
  std::map<std::uint64_t, std::weak_ptr<Heard>> listeners_;
};

}  // namespace dart::runtime
