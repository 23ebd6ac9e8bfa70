#pragma once

#include <initializer_list>

#include "base/time.hpp"
#include "overlay/config.hpp"

namespace dart::directory::tree {

/// All timing of the Tree.
struct Config {
  Duration beat{500'000};            ///< between two words of a parent to its children
  Duration silent{1'600'000};        ///< a parent that says nothing for so long is gone
  Duration report{1'000'000};        ///< between two reports of a child
  Duration child_silent{4'000'000};  ///< a child that does not report for so long is gone
  Duration settle{2'300'000};  ///< after this a new root has heard of its members: silent, and one attach
  Duration attach{700'000};    ///< first wait for a parent's answer; doubles
  Duration longest_attach{3'000'000};
  Duration keep{10'000'000};      ///< a multicast is given to those who missed it for so long
  Duration hop{300'000};          ///< first wait until the next node has taken over an anycast; doubles
  Duration answer{1'000'000};     ///< a member that does not say whether it takes an anycast does not
  Duration ask_again{1'000'000};  ///< a question to a root that is not answered is asked again
  Duration patience{10'000'000};  ///< questions and anycasts are given up after this
};

/// The same in the pace of a ring's profile.
[[nodiscard]] constexpr Config in_pace_of(const overlay::Config& profile) {
  Config config;
  const auto scale = [&](Duration& time) {
    time.us = time.us * profile.heartbeat.us / overlay::lan_profile().heartbeat.us;
  };
  for (Duration* time : {&config.beat, &config.silent, &config.report, &config.child_silent, &config.settle,
                         &config.longest_attach, &config.keep}) {
    scale(*time);
  }
  return config;
}

}  // namespace dart::directory::tree
