#pragma once

#include "connectors/connector_entry.hpp"

namespace dart::connectors {

/// connector = 'datagen': rows made by seeded generators, one per column, or by one of the named ones.
[[nodiscard]] ConnectorEntry datagen_connector();

}  // namespace dart::connectors
