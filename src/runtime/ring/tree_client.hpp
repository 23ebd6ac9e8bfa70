#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "node/node_core.hpp"

namespace dart::runtime {

/// The trees of a ring's groups, as one node uses them: callbacks instead of tags. Lives on the loop's
/// thread; callbacks come from inside the driver and must not step it.
class TreeClient {
 public:
  /// Feeds the node, in a later turn of the loop.
  using Feed = std::function<void(node::Input)>;
  using TotalDone = std::function<void(const directory::tree::Totalled&)>;

  explicit TreeClient(Feed feed) : feed_(std::move(feed)) {}
  TreeClient(const TreeClient&) = delete;
  TreeClient& operator=(const TreeClient&) = delete;

  /// Makes the node a member of the group with this name.
  void enter(const std::string& group);
  /// What the node adds to the counters of a group that it has entered.
  void set_counters(const std::string& group, directory::tree::CounterList counters);
  /// What all members have together; `done` is called once.
  void total(const std::string& group, TotalDone done);

  /// What the node said.
  void on(const directory::tree::Totalled& totalled);
  /// Nobody on this node takes anything by itself.
  void on(const directory::tree::Offered& offered);

 private:
  Feed feed_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, TotalDone> asking_;
};

}  // namespace dart::runtime
