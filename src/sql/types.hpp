#pragma once

#include "base/result.hpp"
#include "columnar/types.hpp"
#include "sql/tree.hpp"

namespace dart::sql {

/// The type that a TypeName node names; what is not there is refused with the nearest type that is.
[[nodiscard]] Result<columnar::LogicalType> bind_type(const Tree& type_name);

/// A number as it is written, exactly: an int, a bigint, or numeric(p, s) with the digits that it has.
[[nodiscard]] Result<columnar::LogicalType> literal_type(std::string_view number, std::uint32_t offset);

}  // namespace dart::sql
