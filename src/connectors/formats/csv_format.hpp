#pragma once

#include "connectors/connector_entry.hpp"

namespace dart::connectors {

[[nodiscard]] FormatEntry csv_format();

}  // namespace dart::connectors
