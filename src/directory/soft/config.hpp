#pragma once

#include "base/time.hpp"
#include "overlay/config.hpp"

namespace dart::directory::soft {

/// All timing of soft records.
struct Config {
  Duration settle{200'000};        ///< from a change of the neighbours until records are moved
  Duration send_again{1'000'000};  ///< a copy that is not confirmed is sent again
  Duration listen{500'000};        ///< a root that does not hold a record asks the others for so long
  Duration ask_again{1'000'000};   ///< a client repeats what is not answered
  Duration patience{10'000'000};   ///< and gives up after this
};

/// The same in the pace of a ring's profile.
[[nodiscard]] constexpr Config in_pace_of(const overlay::Config& profile) {
  Config config;
  config.send_again.us = config.send_again.us * profile.heartbeat.us / overlay::lan_profile().heartbeat.us;
  return config;
}

}  // namespace dart::directory::soft
