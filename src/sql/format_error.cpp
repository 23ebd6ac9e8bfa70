#include <fmt/format.h>

#include <algorithm>

#include "sql/compile.hpp"

namespace dart::sql {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string format_error(std::string_view text, std::string_view file_name, const Error& error) {
  const std::string hint = error.hint.empty() ? "" : "; " + error.hint;
  if (!error.offset) return fmt::format("{}: error: {}{}", file_name, error.message, hint);
  const std::size_t at = std::min<std::size_t>(*error.offset, text.size());
  const std::size_t line_begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  const std::size_t line_end = std::min(text.find('\n', at), text.size());
  const auto line_number =
      1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(line_begin), '\n');
  const std::string_view before = text.substr(line_begin, at - line_begin);
  std::string_view line = text.substr(line_begin, line_end - line_begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  // Tabs stay tabs, so that the caret stands below its place whatever their width is.
  std::string margin;
  for (const char c : before) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) margin += c == '\t' ? '\t' : ' ';
  }
  return fmt::format("{}:{}:{}: error: {}{}\n{}\n{}^", file_name, line_number, characters(before) + 1,
                     error.message, hint, line, margin);
}

}  // namespace dart::sql
