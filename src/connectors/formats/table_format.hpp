#pragma once

#include "connectors/connector_entry.hpp"

namespace dart::connectors {

/// format = 'table': what a plain SELECT prints. A line with the columns' names, then a line a row; cells are
/// joined by ` | ` and not padded, so that the first row need not wait for the last.
[[nodiscard]] FormatEntry table_format();

}  // namespace dart::connectors
