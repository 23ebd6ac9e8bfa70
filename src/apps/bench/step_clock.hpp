#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/control_costs.hpp"
#include "sim/processor.hpp"

namespace dart::apps::bench {

/// Processor time of this thread, in nanoseconds.
[[nodiscard]] std::int64_t thread_cpu_ns();
/// What reading that clock twice adds to what lies between.
[[nodiscard]] std::int64_t clock_overhead_ns();
/// The median of samples in nanoseconds, in microseconds.
[[nodiscard]] sim::MeasuredCost median_cost(std::vector<std::int64_t> samples_ns);

/// Times every step of the nodes of a simulated ring; virtual time does not notice.
class StepClock final : public sim::Processor {
 public:
  using Samples = std::unordered_map<sim::StepKind, std::vector<std::int64_t>, sim::StepKindHash>;

  [[nodiscard]] bool urgent(const node::Input&) const override { return false; }
  void begin(const node::NodeCore& core, const node::Input& input) override;
  std::int64_t end(const node::NodeCore& core, const std::vector<node::Action>& actions) override;

  /// Nanoseconds by what the step was about.
  [[nodiscard]] const Samples& samples() const { return samples_; }

 private:
  std::int64_t overhead_ns_ = clock_overhead_ns();
  sim::MessageKind handled_ = 0;
  std::int64_t decoding_ns_ = 0;
  std::int64_t begun_ns_ = 0;
  Samples samples_;
};

}  // namespace dart::apps::bench
