#include "connectors/typed_parsers.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>

namespace dart::connectors {

namespace {

/// A whole number by its letters, whatever its size.
bool is_integer(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  text = text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  if (text.front() == '-' || text.front() == '+') text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool TextParser::is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string parse_failure(std::string_view text, columnar::LogicalType type) {
  using columnar::TypeId;
  if (!TextParser::is_utf8(text)) return "invalid byte sequence for encoding \"UTF8\"";
  if (type.is_integer() && is_integer(text))
    return fmt::format("value is out of range for type {}", to_string(type));
  double number = 0;
  if (type.id == TypeId::Numeric && columnar::parse_double(text, number) && std::isfinite(number)) {
    return "numeric field overflow";
  }
  const std::string name =
      type.id == TypeId::Numeric ? "numeric" : (type.id == TypeId::Jsonb ? "json" : to_string(type));
  return fmt::format("invalid input syntax for type {}", name);
}

}  // namespace dart::connectors
