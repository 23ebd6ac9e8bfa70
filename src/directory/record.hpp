#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/node_id.hpp"
#include "directory/limits.hpp"

namespace dart::directory {

/// Names one request of one client; a repeated request has the same.
using RequestId = NodeId;

/// A request that a record has taken in, and the version that it made.
struct Applied {
  RequestId request;
  std::uint64_t version = 0;

  friend bool operator==(const Applied&, const Applied&) = default;
};

/// A firm record: a register that is only changed by compare-and-set. Each change raises the version by one,
/// a deletion too: what is left is a tombstone, and the next creation goes on from its version, so no version
/// ever means two values.
struct Record {
  std::uint64_t version = 0;  ///< 0: never written
  bool exists = false;        ///< false with a version: a tombstone
  std::string value;
  std::vector<Applied> applied;  ///< newest last

  friend bool operator==(const Record&, const Record&) = default;

  [[nodiscard]] std::optional<std::uint64_t> version_made_by(const RequestId& request) const {
    for (const Applied& one : applied) {
      if (one.request == request) return one.version;
    }
    return std::nullopt;
  }
};

using ShardNumber = std::uint32_t;

/// Where the records with this name belong.
[[nodiscard]] ShardNumber shard_of(std::string_view name);
/// The middle of a shard's keys: the nodes nearest to it hold the shard, its root coordinates.
[[nodiscard]] Key centre_of(ShardNumber shard);

}  // namespace dart::directory
