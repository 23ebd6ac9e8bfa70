#pragma once

#include <cstdint>
#include <vector>

#include "node/node_core.hpp"

namespace dart::sim {

/// Watches every step of every machine, and says how long the machine was busy with it. A World that is given
/// one makes each machine a single server: what reaches a busy machine waits, first come first served unless
/// it is urgent, and what a step sends leaves when the step is over.
class Processor {
 public:
  virtual ~Processor() = default;
  /// Whether `input` goes before all that waits; what is under way is interrupted, and ends so much later.
  [[nodiscard]] virtual bool urgent(const node::Input& input) const = 0;
  /// Just before `input` is fed to `core`.
  virtual void begin(const node::NodeCore& core, const node::Input& input) = 0;
  /// Just after. Returns the nanoseconds that the step took, 0 or more.
  virtual std::int64_t end(const node::NodeCore& core, const std::vector<node::Action>& actions) = 0;
};

}  // namespace dart::sim
