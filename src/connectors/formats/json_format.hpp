#pragma once

#include "connectors/connector_entry.hpp"

namespace dart::connectors {

[[nodiscard]] FormatEntry json_format();

}  // namespace dart::connectors
