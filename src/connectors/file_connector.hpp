#pragma once

#include "connectors/connector_entry.hpp"

namespace dart::connectors {

/// connector = 'file': reads and writes files, '-' for standard input and output.
[[nodiscard]] ConnectorEntry file_connector();

}  // namespace dart::connectors
