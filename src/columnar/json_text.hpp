#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// JSON (RFC 8259) as text: what jsonb values are made of.
namespace dart::columnar {

/// Reads whole JSON text and appends it as PostgreSQL prints jsonb: keys by length, then by bytes, the last
/// of equal ones, `, ` and `: ` between, numbers without exponents. False when it is no JSON or nested too
/// deep; `out` is then left as it was.
[[nodiscard]] bool normalise_json(std::string_view text, std::string& out);

/// What a JSON value is, by PostgreSQL's names.
enum class JsonKind : std::uint8_t { Null, Boolean, Number, String, Array, Object };

/// How looking into a JSON value ended.
enum class JsonLookup : std::uint8_t { Found, Missing, Invalid };

/// The text of member `key` of an object.
[[nodiscard]] JsonLookup json_member(std::string_view object, std::string_view key, std::string_view& found);
/// The text of element `index` of an array; negative ones count from the end.
[[nodiscard]] JsonLookup json_element(std::string_view array, std::int64_t index, std::string_view& found);
/// Number of elements; Missing when it is no array.
[[nodiscard]] JsonLookup json_length(std::string_view array, std::int64_t& length);

/// By its first character, for a value that was read before.
[[nodiscard]] JsonKind json_kind(std::string_view value);
/// Appends the characters of a JSON string (with its quotes), escapes resolved; false when it is none.
[[nodiscard]] bool append_json_string(std::string_view quoted, std::string& out);

}  // namespace dart::columnar
