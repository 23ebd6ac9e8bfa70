#include "api/query.hpp"

#include <algorithm>
#include <charconv>

namespace dart::api {

std::string percent_decoded(std::string_view coded) {
  std::string words;
  for (std::size_t i = 0; i < coded.size(); ++i) {
    unsigned char byte = 0;
    if (coded[i] == '%' && i + 2 < coded.size() &&
        std::from_chars(coded.data() + i + 1, coded.data() + i + 3, byte, 16).ptr == coded.data() + i + 3) {
      words.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      words.push_back(coded[i]);
    }
  }
  return words;
}

std::optional<std::string> field_of(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view field = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (!field.starts_with(name) || field.size() <= name.size() || field[name.size()] != '=') continue;
    std::string coded(field.substr(name.size() + 1));
    std::replace(coded.begin(), coded.end(), '+', ' ');
    return percent_decoded(coded);
  }
  return std::nullopt;
}

}  // namespace dart::api
