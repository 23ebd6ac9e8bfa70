#include "directory/soft/record.hpp"

#include "base/random.hpp"

namespace dart::directory::soft {

Key key_of(std::string_view name) {
  std::uint64_t high = mix64(name.size());
  for (const char c : name) high = mix64(high ^ static_cast<unsigned char>(c));
  return {high, mix64(~high)};
}

}  // namespace dart::directory::soft
