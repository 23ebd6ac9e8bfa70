#include "base/node_id.hpp"

namespace dart {

std::string NodeId::text() const {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out(kDigits, '0');
  for (unsigned i = 0; i < kDigits; ++i) out[i] = kHex[digit(i)];
  return out;
}

std::optional<NodeId> NodeId::parse(std::string_view text) {
  if (text.size() != kDigits) return std::nullopt;
  uint128 value = 0;
  for (const char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    value = (value << 4) | digit;
  }
  return from_number(value);
}

}  // namespace dart
