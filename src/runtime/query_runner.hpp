#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "engine/connector.hpp"
#include "engine/instance.hpp"
#include "plan/plan.hpp"
#include "runtime/mailbox.hpp"
#include "runtime/stop_signal.hpp"

namespace dart::runtime {

enum class Scheduler : std::uint8_t {
  Pool,               ///< a free worker takes the instance with the most pending work
  ThreadPerOperator,  ///< the Storm model, kept for comparison: every operator has a queue and a thread
};

struct RunSettings {
  std::size_t workers = 1;
  std::size_t chunk_rows = limits::kChunkRows;
  Scheduler scheduler = Scheduler::Pool;
  bool measure_busy = false;  ///< operators' busy times: two clock readings per operator and chunk
};

/// What one instance did, and the most that ever waited for it.
struct InstanceReport {
  std::vector<engine::OperatorReport> operators;
  MessageSize queue_peak;
};

struct RunReport {
  std::vector<InstanceReport> instances;
  std::int64_t wall_ns = 0;
  std::int64_t cpu_us = 0;  ///< of the whole process, over the run
  std::optional<Error> failure;
};

/// Runs a plan in this process until its bounded sources end, something fails, or `stop` is requested. An
/// Error: it could not start (a missing file). A failure on the way is in the report, with what the operators
/// did until then.
[[nodiscard]] Result<RunReport> run_plan(const plan::Plan& plan, engine::ConnectorFactory& connectors,
                                         const RunSettings& settings, StopSignal& stop);

}  // namespace dart::runtime
