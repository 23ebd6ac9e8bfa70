#pragma once

#include <cstdint>
#include <vector>

#include "base/result.hpp"
#include "overlay/node_handle.hpp"
#include "placement/plan_record.hpp"
#include "plan/distribution.hpp"
#include "plan/ring_wiring.hpp"

namespace dart::placement {

/// The other end of a link.
struct WiredPeer {
  InstanceId id;
  overlay::NodeHandle host;
  bool away = false;
  std::uint32_t exchange = 0;  ///< by which the rows leave their sender, and which names the link
  std::uint32_t arrives = 0;   ///< by which they come in
  friend bool operator==(const WiredPeer& a, const WiredPeer& b) = default;
};
/// The rows that leave an instance by one exchange of its stage.
struct WiredOutput {
  std::uint32_t exchange = 0;
  std::vector<WiredPeer> receivers;  ///< by number: of Main, the partition
};
/// The rows that come to it by one.
struct WiredInput {
  std::uint32_t exchange = 0;
  std::vector<WiredPeer> senders;  ///< by stage and number
};

/// Whom one instance exchanges rows with. Combine stages are optional and may follow one another: rows for a
/// Combine that is left out go straight to what stands behind it, where they come in as if from there.
struct Wiring {
  std::vector<WiredOutput> outputs;  ///< one for each exchange that starts at its stage, in their order
  std::vector<WiredInput> inputs;    ///< one for each that ends there
};

/// The number of the instance `sender` among all that send by the exchange by which its rows come in. Those
/// that stand in front of a Combine that is left out come after it.
[[nodiscard]] std::uint32_t sender_number(const InstanceId& sender, const WiredPeer& link);

/// The same as the engine wants it.
[[nodiscard]] plan::RingWiring ring_wiring(const Wiring& wiring, std::size_t exchanges);

/// An Error when the placement does not fit the plan.
[[nodiscard]] Result<Wiring> wire(const plan::Distribution& distribution, const std::vector<Placed>& placed,
                                  const InstanceId& self);

}  // namespace dart::placement
