#include "overlay/wire_reader.hpp"

namespace dart::overlay {

std::string id_bytes(const NodeId& id) {
  std::string out(16, '\0');
  for (unsigned i = 0; i < 8; ++i) {
    out[i] = static_cast<char>(id.high >> (56 - 8 * i));
    out[8 + i] = static_cast<char>(id.low >> (56 - 8 * i));
  }
  return out;
}

NodeId read_id(WireReader& reader, const std::string& bytes) {
  reader.expect(bytes.size() == 16, "an id has 16 bytes");
  if (bytes.size() != 16) return {};
  NodeId id;
  for (unsigned i = 0; i < 8; ++i) {
    id.high = (id.high << 8) | static_cast<unsigned char>(bytes[i]);
    id.low = (id.low << 8) | static_cast<unsigned char>(bytes[8 + i]);
  }
  return id;
}

}  // namespace dart::overlay
