#pragma once

#include <locale.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Characters of UTF-8 text. Bytes that are no valid UTF-8 never crash: each stray byte counts with what
/// precedes it.
namespace dart::columnar::utf8 {

[[nodiscard]] constexpr bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Number of characters.
[[nodiscard]] std::size_t count(std::string_view text);
/// Where character `n` (from 0) begins; the size of the text when it has no more than n.
[[nodiscard]] std::size_t offset(std::string_view text, std::size_t n);
/// The code point at `at`, which moves on behind it.
[[nodiscard]] std::uint32_t next(std::string_view text, std::size_t& at);
void append(std::uint32_t code_point, std::string& out);

/// The locale C.UTF-8, for classes and cases of characters; null where the system has none (then only ASCII
/// counts).
[[nodiscard]] locale_t locale();
[[nodiscard]] std::uint32_t to_lower(std::uint32_t code_point);
[[nodiscard]] std::uint32_t to_upper(std::uint32_t code_point);
[[nodiscard]] bool is_alphanumeric(std::uint32_t code_point);
void append_lower(std::string_view text, std::string& out);
void append_upper(std::string_view text, std::string& out);

}  // namespace dart::columnar::utf8
