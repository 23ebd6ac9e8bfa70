#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "connectors/clocks.hpp"
#include "engine/connector.hpp"

namespace dart::connectors {

/// The writer of a table whose rows are shown one by one and not written: hands each, in the table's format,
/// to `take`, without the line break behind it and without a header. Format 'table' is shown as json.
[[nodiscard]] Result<std::unique_ptr<engine::Sink>> open_line_sink(const plan::TableDefinition& table,
                                                                   std::function<void(std::string_view)> take,
                                                                   const Clocks& clocks = system_clocks());

}  // namespace dart::connectors
