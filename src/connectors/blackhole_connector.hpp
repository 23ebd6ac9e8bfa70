#pragma once

#include "connectors/connector_entry.hpp"

namespace dart::connectors {

/// connector = 'blackhole': takes every row and keeps nothing but their number and their delays.
[[nodiscard]] ConnectorEntry blackhole_connector();

}  // namespace dart::connectors
