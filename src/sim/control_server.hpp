#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/control_costs.hpp"
#include "sim/processor.hpp"

namespace dart::sim {

/// A node's processor as far as the control plane needs it: each step takes what steps of its kind took where
/// they were measured, and making a plan, and opening an instance, what those took.
class ControlServer final : public Processor {
 public:
  /// Plans are made by the node that is asked; under the policy `central` by the one that schedules all.
  ControlServer(const ControlCosts& costs, const std::string& policy);

  /// The ring's upkeep, and what is due by the clock: a node makes plans beside its loop, and on all its ways
  /// upkeep goes first, so that one with much to do is not taken for dead.
  [[nodiscard]] bool urgent(const node::Input& input) const override;
  void begin(const node::NodeCore& core, const node::Input& input) override;
  std::int64_t end(const node::NodeCore& core, const std::vector<node::Action>& actions) override;

  [[nodiscard]] const StepCosts& steps() const { return steps_; }

 private:
  StepCosts steps_;
  std::int64_t plan_ns_ = 0;
  std::int64_t open_ns_ = 0;
  bool scheduler_plans_ = false;
  MessageKind handled_ = 0;
  std::size_t scheduled_ = 0;  // by the node, before the step
  std::size_t requested_ = 0;  // plans
};

}  // namespace dart::sim
