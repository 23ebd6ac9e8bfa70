#include "apps/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace dart::apps {

namespace {

/// Characters on the screen: bytes that continue a UTF-8 character take no room.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) { lines_.push_back({std::move(header), {}}); }

void TextTable::add_row(std::vector<std::string> cells) {
  DART_CHECK(cells.size() == lines_.front().cells.size());
  lines_.push_back({std::move(cells), {}});
}

void TextTable::add_note(std::string text) { lines_.back().notes.push_back(std::move(text)); }

std::string TextTable::text() const {
  std::vector<std::size_t> widths(lines_.front().cells.size());
  for (const Line& line : lines_) {
    for (std::size_t c = 0; c < widths.size(); ++c) widths[c] = std::max(widths[c], width_of(line.cells[c]));
  }
  std::string text;
  for (const Line& line : lines_) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const std::string space(widths[c] - width_of(line.cells[c]), ' ');
      if (c == 0) {
        text += line.cells[c] + space;
      } else {
        text += "  " + space + line.cells[c];
      }
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
    for (const auto& note : line.notes) text += "    " + note + '\n';
  }
  return text;
}

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t place = digits.size(); place > 3;) {
    place -= 3;
    digits.insert(place, 1, ',');
  }
  return digits;
}

std::string readable_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  for (const char* unit : {"kB", "MB", "GB"}) {
    value /= 1000;
    if (value < 999.95) return fmt::format("{:.1f} {}", value, unit);
  }
  return fmt::format("{:.1f} TB", value / 1000);
}

}  // namespace dart::apps
