#pragma once

#include <string>

#include "columnar/types.hpp"
#include "columnar/vector.hpp"

namespace dart::connectors {

/// Appends the text of one non-NULL value of a vector, in PostgreSQL's form.
using CellWriter = void (*)(const columnar::Vector& vector, std::size_t row, std::string& out);

/// Chosen once per column.
[[nodiscard]] CellWriter cell_writer(columnar::LogicalType type);

}  // namespace dart::connectors
