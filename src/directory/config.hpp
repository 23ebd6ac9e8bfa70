#pragma once

#include "base/time.hpp"

namespace dart::directory {

/// All timing of the Directory.
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
};

}  // namespace dart::directory
