#pragma once

#include <cstdint>
#include <vector>

#include "overlay/action.hpp"
#include "overlay/envelope.hpp"
#include "sim/message_kind.hpp"

namespace dart::sim {

/// Messages between nodes and the bytes of their envelopes.
struct Traffic {
  std::uint64_t messages = 0;
  double bytes = 0;
};

/// Counts what nodes send, by kind. Upkeep, of which there is much and which is all alike, is encoded once in
/// a while; the rest to the byte.
class TrafficMeter {
 public:
  void sent(const overlay::NodeHandle& from, const overlay::Send& send);
  [[nodiscard]] Traffic of(MessageKind kind) const;
  [[nodiscard]] Traffic all() const;
  /// What is_upkeep() is not true of: what deploying queries costs.
  [[nodiscard]] Traffic of_deploying() const;

 private:
  struct Counted {
    std::uint64_t messages = 0;
    std::uint64_t encoded = 0;
    std::uint64_t encoded_bytes = 0;
  };
  std::vector<Counted> kinds_ = std::vector<Counted>(message_kinds());
};

}  // namespace dart::sim
