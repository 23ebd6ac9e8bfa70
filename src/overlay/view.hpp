#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "overlay/message.hpp"

namespace dart::overlay {

enum class Phase : std::uint8_t {
  Idle,     ///< made, not told to join
  Joining,  ///< looks for a near member, asks for tables
  Member,   ///< stands in leaf sets
  Gone,     ///< left, refused, or stepped down
};

/// What happened to one node since it was made.
struct Counters {
  std::array<std::uint64_t, std::variant_size_v<Message>> sent{};  ///< by Message::index()
  std::uint64_t delivered = 0;
  std::uint64_t delivered_again = 0;  ///< repeats of a request, not handed up
  std::uint64_t forwarded = 0;
  std::uint64_t rerouted = 0;         ///< hops that stayed silent and were replaced
  std::uint64_t dropped_hops = 0;     ///< beyond limits::kHops
  std::uint64_t dropped_full = 0;     ///< a bounded queue was full
  std::uint64_t dropped_unready = 0;  ///< held for leases that did not come
  std::uint64_t stale = 0;            ///< from or for another life
  std::uint64_t suspected = 0;
  std::uint64_t refuted = 0;
  std::uint64_t deaths = 0;
  std::uint64_t lags = 0;  ///< woken too late to accuse anybody
};

/// A copy of what a node knows, for API, dashboard and checkers.
struct View {
  NodeHandle self;
  Phase phase = Phase::Idle;
  bool joined = false;
  bool ready = false;  ///< holds its leases
  Coordinate coordinate;
  std::uint32_t feature_level = kFeatureLevel;
  std::vector<Contact> left;  ///< nearest first
  std::vector<Contact> right;
  std::vector<Contact> table;  ///< all entries of the routing table, spares too
  std::uint32_t table_rows = 0;
  std::vector<NodeHandle> lost;
  std::size_t state_bytes = 0;  ///< what it holds in memory
  Counters counters;
};

}  // namespace dart::overlay
