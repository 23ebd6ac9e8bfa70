// Text forms: no bytes crash a reader, and what was read prints to a text that reads back as the same value
// and prints alike. The first bytes choose the type.

#include "columnar/text_form.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using dart::columnar::LogicalType;
  using dart::columnar::TypeId;
  constexpr std::size_t kHead = 2;
  constexpr TypeId kTypes[] = {TypeId::Bool,        TypeId::Int,      TypeId::BigInt,  TypeId::Double,
                               TypeId::Timestamp,   TypeId::Interval, TypeId::Numeric, TypeId::Text,
                               TypeId::TimestampTz, TypeId::Jsonb};
  if (size < kHead) return 0;
  LogicalType type = LogicalType::of(kTypes[data[0] % std::size(kTypes)]);
  if (type.id == TypeId::Numeric) {
    const int precision = 1 + data[1] % dart::columnar::kMaxPrecision;
    type = LogicalType::numeric(precision, data[1] / dart::columnar::kMaxPrecision * precision / 6);
  }
  const std::string_view text(reinterpret_cast<const char*>(data + kHead), size - kHead);
  const auto value = dart::columnar::parse_value(text, type);
  if (!value) return 0;
  const std::string printed = value->to_string();
  const auto again = dart::columnar::parse_value(printed, type);
  DART_CHECK(again.has_value());
  DART_CHECK(*again == *value);
  DART_CHECK(again->to_string() == printed);
  return 0;
}
