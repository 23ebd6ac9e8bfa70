#pragma once

#include <vector>

#include "engine/instance.hpp"

namespace dart::support {

/// Runs a plan through the engine to its end in this thread: the stages of `cut(plan, workers)`, one after
/// the other, with a clock that only counts turns. Returns what each operator reports.
[[nodiscard]] Result<std::vector<engine::OperatorReport>> run_engine(const plan::Plan& plan,
                                                                     std::size_t chunk_rows,
                                                                     std::size_t workers,
                                                                     engine::ConnectorFactory& connectors);

}  // namespace dart::support
