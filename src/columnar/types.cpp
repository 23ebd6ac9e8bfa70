#include "columnar/types.hpp"

#include <fmt/format.h>

namespace dart::columnar {

std::string to_string(const LogicalType& type) {
  switch (type.id) {
    case TypeId::Null:
      return "unknown";
    case TypeId::Bool:
      return "boolean";
    case TypeId::Int:
      return "integer";
    case TypeId::BigInt:
      return "bigint";
    case TypeId::Double:
      return "double precision";
    case TypeId::Numeric:
      return fmt::format("numeric({},{})", type.precision, type.scale);
    case TypeId::Text:
      return "text";
    case TypeId::Timestamp:
      return "timestamp";
    case TypeId::TimestampTz:
      return "timestamptz";
    case TypeId::Interval:
      return "interval";
    case TypeId::Jsonb:
      return "jsonb";
  }
  return "?";
}

}  // namespace dart::columnar
