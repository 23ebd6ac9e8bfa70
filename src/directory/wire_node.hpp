#pragma once

#include <algorithm>
#include <string>

#include "overlay/node_handle.hpp"
#include "overlay/wire_reader.hpp"

namespace dart::directory {

/// Any life of a node on the wire, as each schema here has it: an id, and endpoints of an address and a port.
template <class Wire>
void write_node(Wire& out, const overlay::NodeHandle& node) {
  out.set_id(overlay::id_bytes(node.id));
  for (const overlay::Endpoint& endpoint : node.endpoints) {
    if (endpoint.empty()) continue;
    auto& where = *out.add_endpoints();
    where.set_address(std::string(endpoint.address.begin(), endpoint.address.end()));
    where.set_port(endpoint.port);
  }
}

template <class Wire>
[[nodiscard]] overlay::NodeHandle read_node(overlay::WireReader& reader, const Wire& in) {
  overlay::NodeHandle node;
  node.id = overlay::read_id(reader, in.id());
  const auto endpoints = static_cast<std::size_t>(in.endpoints_size());
  reader.expect(endpoints <= overlay::limits::kEndpoints, "too many endpoints");
  for (std::size_t e = 0; e < std::min(endpoints, overlay::limits::kEndpoints); ++e) {
    const auto& where = in.endpoints(static_cast<int>(e));
    reader.expect(where.address().size() == 16, "an address has 16 bytes");
    reader.expect(where.port() > 0 && where.port() <= 0xFFFF, "a port is out of range");
    if (where.address().size() != 16) continue;
    std::copy(where.address().begin(), where.address().end(), node.endpoints[e].address.begin());
    node.endpoints[e].port = static_cast<std::uint16_t>(where.port());
  }
  return node;
}

}  // namespace dart::directory
