#pragma once

#include <cstdint>
#include <vector>

namespace dart::plan {

/// The other ends of the exchanges of an instance in a ring.
struct RingWiring {
  struct Exchange {
    /// Numbers of the sending instances that there are, ascending; of an exchange that ends here.
    std::vector<std::uint32_t> senders;
    /// Of these, those that cannot be reached: their watermark holds, and barriers do not wait for them.
    std::vector<std::uint32_t> away;
    std::uint32_t receivers = 1;  ///< partitions of the receiving stage; of an exchange that starts here
  };
  std::vector<Exchange> exchanges;  ///< by index into Distribution::exchanges
};

}  // namespace dart::plan
