#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace dart::directory {

/// All timing of the Directory, and what it may use of the disk.
struct Config {
  Duration round{700'000};  ///< first wait for a majority, then a round is begun anew; doubles
  Duration longest_round{2'000'000};
  Duration patience{10'000'000};      ///< a client's operation is given up after this
  Duration attempt{3'000'000};        ///< a coordinator gives one request up after this
  Duration ask_again{1'000'000};      ///< a client repeats a request that is not answered
  Duration look_after{1'000'000};     ///< between two looks of a root at the groups of its shards
  Duration replace_after{5'000'000};  ///< a member that is dead for so long is replaced
  Duration fetch_again{500'000};      ///< between two tries to catch up
  /// After a restart, with whole disk, and no majority that could tell: the disk is believed.
  Duration believe_after{3'000'000};
  Duration watch{10'000'000};  ///< a watch that is not renewed ends
  /// With so many bytes on its disk, or more, a node takes no records with new names.
  std::uint64_t lend_bytes = std::uint64_t{1} << 30;
};

/// For rings of overlay::quiet_profile(): silence means little there, and every message costs.
[[nodiscard]] constexpr Config quiet_config() {
  return Config{.round = {3'000'000},
                .longest_round = {10'000'000},
                .patience = {60'000'000},
                .attempt = {20'000'000},
                .ask_again = {5'000'000},
                .look_after = {10'000'000},
                .replace_after = {150'000'000},
                .fetch_again = {3'000'000},
                .believe_after = {20'000'000},
                .watch = {120'000'000}};
}

}  // namespace dart::directory
