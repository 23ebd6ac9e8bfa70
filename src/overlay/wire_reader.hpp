#pragma once

#include <cstdint>
#include <string>

#include "base/node_id.hpp"

namespace dart::overlay {

/// Why bytes from elsewhere were refused; one flag for a whole message keeps every reader of a field short.
struct WireReader {
  const char* wrong = nullptr;

  void expect(bool condition, const char* what) {
    if (!condition && wrong == nullptr) wrong = what;
  }
};

/// An id on the wire: 16 bytes, most significant first.
[[nodiscard]] std::string id_bytes(const NodeId& id);
[[nodiscard]] NodeId read_id(WireReader& reader, const std::string& bytes);

/// The kinds from `least` to `most` are known.
template <class Enum>
[[nodiscard]] Enum read_enum(WireReader& reader, std::uint32_t value, std::uint32_t least, Enum most) {
  reader.expect(value >= least && value <= static_cast<std::uint32_t>(most), "an unknown kind");
  return static_cast<Enum>(value);
}

}  // namespace dart::overlay
