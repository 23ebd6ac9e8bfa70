#include "directory/tree/message.hpp"

#include "base/random.hpp"

namespace dart::directory::tree {

Key group_key(std::string_view name) {
  Key key{mix64(name.size()), mix64(~std::uint64_t{name.size()})};
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    key = {mix64(key.high ^ byte), mix64(key.low + byte)};
  }
  return {mix64(key.high ^ key.low), mix64(key.low)};
}

std::string label_group(std::string_view label) { return "label:" + std::string(label); }

}  // namespace dart::directory::tree
