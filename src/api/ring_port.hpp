#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "overlay/view.hpp"

namespace dart::api {

/// One node as the API tells of it.
struct NodeStatus {
  std::string ring;  ///< 32 hexadecimal digits; all zero: none yet
  std::string name;
  std::string profile;
  bool secure = false;
  std::int64_t uptime_us = 0;
  overlay::View view;
  /// So many nodes may be lost at once and all firm records that this node knows the keepers of can still be
  /// read and changed; nothing: it knows of none.
  std::optional<std::size_t> survives;
  /// Name and value, in the order to show.
  std::vector<std::pair<std::string, std::uint64_t>> counters;
};

struct RoutePath {
  struct Step {
    std::string id;
    std::string endpoint;
  };
  std::vector<Step> steps;  ///< the asked node first, the root last
  std::int64_t round_trip_us = 0;
};

/// What the members of a group have together, as its root knows it.
struct GroupTotal {
  std::uint64_t members = 0;
  std::vector<std::pair<std::string, std::uint64_t>> counters;  ///< in the order of names
};

/// What the API needs of a node. Called on the thread of the node's loop; `done` is called there, too.
class RingPort {
 public:
  virtual ~RingPort() = default;
  [[nodiscard]] virtual NodeStatus status() const = 0;
  virtual void route(const Key& key, std::function<void(Result<RoutePath>)> done) = 0;
  virtual void total(const std::string& group, std::function<void(Result<GroupTotal>)> done) = 0;
  /// "10.0.0.1:7400"
  [[nodiscard]] virtual std::string endpoint_text(const overlay::Endpoint& endpoint) const = 0;
  /// A key from words that are no id: the hash that all nodes agree on.
  [[nodiscard]] virtual Key key_of(const std::string& words) const = 0;
};

}  // namespace dart::api
