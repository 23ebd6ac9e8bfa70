#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "plan/expression.hpp"

/// The parts of plan::encode and plan::decode that expressions and options share.
namespace dart::plan::wire {

void write_value(const columnar::Value& value, ByteWriter& out);
[[nodiscard]] Result<columnar::Value> read_value(ByteReader& in);

void write_type(const columnar::LogicalType& type, ByteWriter& out);
[[nodiscard]] Result<columnar::LogicalType> read_type(ByteReader& in);

/// Functions go by name; their kernels are chosen anew from the types of the arguments, which must fit as
/// they are. Nothing is evaluated.
void write_expression(const Expression& expression, ByteWriter& out);
[[nodiscard]] Result<ExpressionPtr> read_expression(ByteReader& in);

void write_expressions(const std::vector<ExpressionPtr>& expressions, ByteWriter& out);
[[nodiscard]] Result<std::vector<ExpressionPtr>> read_expressions(ByteReader& in);

[[nodiscard]] Result<std::uint32_t> read_u32(ByteReader& in);
[[nodiscard]] Result<bool> read_bool(ByteReader& in);
void write_bool(bool value, ByteWriter& out);

void write_columns(const std::vector<std::uint32_t>& columns, ByteWriter& out);
[[nodiscard]] Result<std::vector<std::uint32_t>> read_columns(ByteReader& in);

void write_optional(const std::optional<std::uint32_t>& value, ByteWriter& out);
[[nodiscard]] Result<std::optional<std::uint32_t>> read_optional(ByteReader& in);

/// A number below `end`, as an enumerator.
template <class Enum>
[[nodiscard]] Result<Enum> read_enum(ByteReader& in, std::uint8_t end) {
  DART_TRY(const std::uint8_t value, in.fixed<std::uint8_t>());
  if (value >= end) return fail(ErrorCode::Data, "an unknown word in the bytes of a plan");
  return static_cast<Enum>(value);
}
template <class Enum>
void write_enum(Enum value, ByteWriter& out) {
  out.fixed(static_cast<std::uint8_t>(value));
}

}  // namespace dart::plan::wire
