#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "sim/path_figures.hpp"
#include "sim/table_fill.hpp"
#include "sim/world.hpp"

namespace dart::sim {

struct RouteOptions {
  std::uint32_t nodes = 1000;
  /// 0: one for each node.
  std::uint32_t requests = 0;
  /// Requests go to so many random keys; 0: each to a key of its own.
  std::uint32_t sinks = 10;
  std::uint64_t seed = 1;
  overlay::Config config = overlay::lan_profile();
  /// Virtual time between the last join and the first request.
  Duration settle{0};
  /// Told (joined, delivered) now and then.
  std::function<void(std::uint32_t, std::uint32_t)> progress;
};

struct RouteReport {
  std::uint64_t seed = 0;
  std::uint32_t nodes = 0;
  std::uint32_t joined = 0;
  std::uint32_t requests = 0;
  std::uint32_t delivered = 0;
  std::uint32_t wrong_root = 0;
  PathFigures figures;
  Stretch stretch;
  /// Share of the nodes that stand on a path anywhere but at its origin.
  double loaded_share = 0;
  /// Of a sample of the nodes, at the end.
  TableFill tables;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  std::array<std::uint64_t, std::variant_size_v<overlay::Message>> by_kind{};
  double virtual_s = 0;
  double join_virtual_s = 0;
  double state_bytes_mean = 0;
  std::uint64_t state_bytes_max = 0;
  /// Machines of each path, origin first; one entry a request.
  std::vector<Path> paths;
};

/// Joins all nodes, at most max(8, joined / 8) at a time, then routes one request after another from random
/// origins, and compares with what a sorted list of ids says.
[[nodiscard]] RouteReport run_route(const RouteOptions& options, std::unique_ptr<DelayModel> delays);

}  // namespace dart::sim
