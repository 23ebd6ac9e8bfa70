#pragma once

#include <cstdint>
#include <string>

#include "base/int128.hpp"

namespace dart::columnar {

/// What SQL calls a type. Many logical types share few physical forms; only the physical ones
/// multiply loops.
enum class TypeId : std::uint8_t {
  Null,  ///< the type of a bare NULL and of an untyped string literal before coercion ("unknown")
  Bool,
  Int,  ///< 32-bit range, held as int64
  BigInt,
  Double,
  Numeric,  ///< numeric(precision, scale): exact; int64 up to 18 digits, int128 above, to 38
  Text,
  Timestamp,    ///< microseconds since 1970-01-01 00:00:00
  TimestampTz,  ///< the same, in UTC
  Interval,     ///< microseconds (months are refused)
  Jsonb,        ///< JSON text
};

enum class PhysicalType : std::uint8_t { Bool, Int64, Int128, Double, String };

inline constexpr int kMaxShortPrecision = 18;
inline constexpr int kMaxPrecision = 38;
/// The scale of numeric without (p, s), and the least scale of quotients, averages and medians.
inline constexpr int kDefaultScale = 16;

struct LogicalType {
  TypeId id = TypeId::Null;
  std::uint8_t precision = 0;  ///< Numeric only
  std::uint8_t scale = 0;      ///< Numeric only; <= precision

  friend bool operator==(const LogicalType&, const LogicalType&) = default;

  [[nodiscard]] static constexpr LogicalType of(TypeId id) { return {id, 0, 0}; }
  /// Precision and scale are cut to kMaxPrecision.
  [[nodiscard]] static constexpr LogicalType numeric(int precision, int scale) {
    const int p = precision > kMaxPrecision ? kMaxPrecision : precision;
    const int s = scale > p ? p : scale;
    return {TypeId::Numeric, static_cast<std::uint8_t>(p), static_cast<std::uint8_t>(s)};
  }
  [[nodiscard]] constexpr PhysicalType physical() const {
    switch (id) {
      case TypeId::Bool:
        return PhysicalType::Bool;
      case TypeId::Double:
        return PhysicalType::Double;
      case TypeId::Text:
      case TypeId::Jsonb:
      case TypeId::Null:
        return PhysicalType::String;
      case TypeId::Numeric:
        return precision > kMaxShortPrecision ? PhysicalType::Int128 : PhysicalType::Int64;
      default:
        return PhysicalType::Int64;
    }
  }
  [[nodiscard]] constexpr bool is_integer() const { return id == TypeId::Int || id == TypeId::BigInt; }
  [[nodiscard]] constexpr bool is_number() const {
    return is_integer() || id == TypeId::Double || id == TypeId::Numeric;
  }
  [[nodiscard]] constexpr bool is_time() const {
    return id == TypeId::Timestamp || id == TypeId::TimestampTz;
  }
};

/// As SQL writes it: "numeric(9,2)", "timestamp", "double precision".
[[nodiscard]] std::string to_string(const LogicalType& type);

/// Bytes of one value of the physical type inside a vector.
[[nodiscard]] constexpr std::size_t width_of(PhysicalType type) {
  switch (type) {
    case PhysicalType::Bool:
      return 1;
    case PhysicalType::Int64:
    case PhysicalType::Double:
      return 8;
    case PhysicalType::Int128:
    case PhysicalType::String:
      return 16;
  }
  return 0;
}

}  // namespace dart::columnar
