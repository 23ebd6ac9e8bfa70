#include "columnar/functions/utf8.hpp"

#include <wctype.h>

namespace dart::columnar::utf8 {
namespace {

template <std::uint32_t (*map)(std::uint32_t)>
void append_mapped(std::string_view text, std::string& out) {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80) {
      out += static_cast<char>(map(byte));
      ++at;
    } else {
      append(map(next(text, at)), out);
    }
  }
}

}  // namespace

std::size_t count(std::string_view text) {
  std::size_t characters = 0;
  for (const char byte : text) characters += continues(byte) ? 0 : 1;
  return characters;
}

std::size_t offset(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  while (n > 0 && at < text.size()) {
    ++at;
    while (at < text.size() && continues(text[at])) ++at;
    --n;
  }
  return at;
}

std::uint32_t next(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0xC0) return first;
  std::uint32_t code_point = first < 0xE0 ? first & 0x1FU : (first < 0xF0 ? first & 0x0FU : first & 0x07U);
  for (int more = first < 0xE0 ? 1 : (first < 0xF0 ? 2 : 3);
       more > 0 && at < text.size() && continues(text[at]); --more) {
    code_point = (code_point << 6) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return code_point;
}

void append(std::uint32_t code_point, std::string& out) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU));
  };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0U | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0U | (code_point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | ((code_point >> 18) & 0x07U));
    tail(12);
    tail(6);
    tail(0);
  }
}

locale_t locale() {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

std::uint32_t to_lower(std::uint32_t code_point) {
  if (code_point < 0x80) return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
  return locale() != nullptr ? towlower_l(code_point, locale()) : code_point;
}

std::uint32_t to_upper(std::uint32_t code_point) {
  if (code_point < 0x80) return code_point >= 'a' && code_point <= 'z' ? code_point - 32 : code_point;
  return locale() != nullptr ? towupper_l(code_point, locale()) : code_point;
}

bool is_alphanumeric(std::uint32_t code_point) {
  if (code_point >= 0x80) return locale() != nullptr && iswalnum_l(code_point, locale()) != 0;
  return (code_point >= '0' && code_point <= '9') ||
         (to_lower(code_point) >= 'a' && to_lower(code_point) <= 'z');
}

void append_lower(std::string_view text, std::string& out) { append_mapped<to_lower>(text, out); }

void append_upper(std::string_view text, std::string& out) { append_mapped<to_upper>(text, out); }

}  // namespace dart::columnar::utf8
