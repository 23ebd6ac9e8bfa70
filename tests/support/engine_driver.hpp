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

/// The same, but after every turn (later: after some) each instance is taken down to its snapshot, and a
/// fresh one that has been given those bytes goes on.
[[nodiscard]] Result<std::vector<engine::OperatorReport>> run_engine_moving(
    const plan::Plan& plan, std::size_t chunk_rows, std::size_t workers,
    engine::ConnectorFactory& connectors);

}  // namespace dart::support
