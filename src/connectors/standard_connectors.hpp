#pragma once

#include "connectors/connector_entry.hpp"

namespace dart::connectors {

/// connector = 'stdin': a stream without a known end, unlike a file with path '-'.
[[nodiscard]] ConnectorEntry stdin_connector();
/// connector = 'stdout'.
[[nodiscard]] ConnectorEntry stdout_connector();

}  // namespace dart::connectors
