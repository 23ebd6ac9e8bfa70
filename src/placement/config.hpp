#pragma once

#include <string>
#include <vector>

#include "base/time.hpp"
#include "overlay/config.hpp"

namespace dart::placement {

/// All timing of queries on one node.
struct Config {
  Duration ask_again{1'000'000};  ///< a client repeats a request that is not answered
  Duration patience{20'000'000};  ///< and gives it up after this
  Duration joins_least{250'000};  ///< readers of a label have so long to be heard of
  Duration joins_quiet{120'000};  ///< and nobody new came for so long
  Duration joins_longest{3'000'000};
  Duration answer{1'500'000};     ///< a host answers a Reserve, a barrier's end or a probe within this
  Duration opening{6'000'000};    ///< and a Deploy
  Duration reserved{5'000'000};   ///< a reservation that nothing came of ends
  Duration roll_call{5'000'000};  ///< a host tells schedulers what it runs for them
  Duration retry{3'000'000};      ///< a placement that failed, a reader that could not open: tried again
  Duration longest_retry{30'000'000};
  Duration revise{20'000'000};      ///< between two looks whether another placement were better
  Duration drain{10'000'000};       ///< a leaving node waits so long for others to take over
  Duration leaving_again{500'000};  ///< and asks them again after this
  /// A label without a reader is an error after this: a group whose root has just changed looks empty.
  Duration no_readers{5'000'000};
  /// A placement is revised when another has been better by this many percent so many times in a row.
  std::uint32_t better_percent = 25;
  std::uint32_t better_times = 3;
  /// Instances (readers not counted) that this node takes at most; 0: no limit.
  std::uint32_t capacity = 0;
};

/// In step with the overlay's profile: where silence means little, everything waits longer.
[[nodiscard]] inline Config in_pace_of(const overlay::Config& profile) {
  Config config;
  if (profile.heartbeat.us <= overlay::lan_profile().heartbeat.us) return config;
  config.ask_again = {5'000'000};
  config.patience = {120'000'000};
  config.joins_least = {2'000'000};
  config.joins_quiet = {1'000'000};
  config.joins_longest = {10'000'000};
  config.answer = {8'000'000};
  config.opening = {20'000'000};
  config.reserved = {30'000'000};
  config.roll_call = {60'000'000};
  config.retry = {15'000'000};
  config.revise = {300'000'000};
  return config;
}

}  // namespace dart::placement
