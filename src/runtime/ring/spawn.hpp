#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "overlay/config.hpp"
#include "runtime/net/endpoint.hpp"
#include "runtime/net/identity.hpp"
#include "runtime/net/net_counters.hpp"

namespace dart::runtime {

struct SpawnSettings {
  Endpoint bind;  ///< of the first host; the others take free ports of the same address
  Endpoint boot;  ///< whom all nodes ask to join; equal to `bind` (or port 0): this process makes the ring
  std::size_t nodes = 0;
  std::size_t requests = 0;
  std::size_t keys = 10;
  std::size_t hosts = 4;    ///< endpoints that the nodes share
  std::size_t threads = 2;  ///< loops that the hosts share
  bool insecure = false;
  /// With TLS: who signs the hosts' certificates; made in memory when absent.
  std::optional<PemPair> authority;
  overlay::Config profile = overlay::quiet_profile();
  std::uint64_t seed = 1;
  std::int64_t give_up_s = 600;
};

struct SpawnProgress {
  std::size_t joined = 0;
  std::size_t answered = 0;
};

/// One request and how it went.
struct SpawnPath {
  NodeId key;
  std::vector<NodeId> nodes;    ///< origin first, root last; empty: not delivered
  std::int64_t delay_us = 0;    ///< from the origin's send to the root's delivery
  std::int64_t direct_us = -1;  ///< of one message from the root straight to the origin; -1: none came
};

struct SpawnReport {
  std::size_t joined = 0;
  std::size_t join_failures = 0;
  std::size_t failed = 0;  ///< requests given up by their origin
  std::vector<SpawnPath> paths;
  std::vector<NodeId> ids;  ///< of all nodes of this process
  std::size_t wrong_root = 0;
  std::size_t hosts = 0;
  std::size_t connections = 0;  ///< sockets between hosts, each counted once
  NetCounters net;
  std::uint64_t events = 0;  ///< inputs that the nodes were fed
  std::int64_t join_us = 0;  ///< until the last node had joined
  std::int64_t wall_us = 0;
  bool interrupted = false;
};

/// Many nodes in one process, on a few hosts that share the process's threads. Every message between two
/// nodes crosses a kernel socket, also between nodes of one host. Returns when every request is answered or
/// given up, or when `keep_going` says no; it is asked some ten times a second. The Error says what to raise
/// when descriptors are short.
[[nodiscard]] Result<SpawnReport> spawn_ring(const SpawnSettings& settings,
                                             const std::function<bool(const SpawnProgress&)>& keep_going);

}  // namespace dart::runtime
