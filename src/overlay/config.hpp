#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace dart::overlay {

/// All timing of the overlay. One profile is used by a whole ring.
struct Config {
  Duration heartbeat;                ///< between two heartbeats to each adjacent neighbour
  Duration probe;                    ///< between two probes of other members of the leaf set
  Duration lease;                    ///< how long after its own stamp a node may answer for its keys
  Duration suspect_after;            ///< an adjacent neighbour silent for this long is suspected
  Duration answer_within;            ///< a witness that probes for somebody else waits this long
  Duration lag_limit;                ///< a node that was woken later than this accuses nobody for a while
  Duration row_refresh;              ///< between two exchanges of a row of the routing table
  Duration rediscover;               ///< between two calls to nodes that are thought dead
  Duration route_retry;              ///< first wait for a receipt; doubles
  Duration patience;                 ///< a request is given up after this
  Duration join_step;                ///< longest wait for the answers of one step of a join
  Duration first_hop_wait{500'000};  ///< for a hop's acknowledgement when the way was never measured
  Duration least_hop_wait{30'000};
  Duration longest_hop_wait{1'000'000};
  /// Clocks run at most this much apart, in thousandths; who takes over waits that much longer than the
  /// lease.
  std::int64_t drift_permille = 25;

  [[nodiscard]] constexpr Duration promise() const { return {lease.us * (1000 + drift_permille) / 1000}; }
};

/// The default: a death is known in less than 2 s, upkeep stays below 8 messages and 1 kB a node and second.
[[nodiscard]] constexpr Config lan_profile() {
  return Config{.heartbeat = {400'000},
                .probe = {1'000'000},
                .lease = {1'200'000},
                .suspect_after = {1'000'000},
                .answer_within = {300'000},
                .lag_limit = {200'000},
                .row_refresh = {10'000'000},
                .rediscover = {5'000'000},
                .route_retry = {1'000'000},
                .patience = {30'000'000},
                .join_step = {1'000'000}};
}

/// For metered links: half a message a node and second, a death is known within 60 s.
[[nodiscard]] constexpr Config quiet_profile() {
  return Config{.heartbeat = {12'000'000},
                .probe = {30'000'000},
                .lease = {36'000'000},
                .suspect_after = {30'000'000},
                .answer_within = {1'000'000},
                .lag_limit = {6'000'000},
                .row_refresh = {300'000'000},
                .rediscover = {60'000'000},
                .route_retry = {2'000'000},
                .patience = {180'000'000},
                .join_step = {2'000'000}};
}

}  // namespace dart::overlay
