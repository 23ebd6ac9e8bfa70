#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/node_id.hpp"
#include "overlay/limits.hpp"

namespace dart::overlay {

/// Where a node listens: an IPv6 address, or an IPv4 one as ::ffff:a.b.c.d, and a port. Port 0 means none.
/// Several nodes of one process may share an endpoint; the id tells them apart.
struct Endpoint {
  std::array<std::uint8_t, 16> address{};
  std::uint16_t port = 0;

  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
  [[nodiscard]] constexpr bool empty() const { return port == 0; }
  [[nodiscard]] static constexpr Endpoint ipv4(std::uint32_t host, std::uint16_t port) {
    Endpoint result;
    result.address[10] = result.address[11] = 0xFF;
    for (unsigned i = 0; i < 4; ++i) result.address[12 + i] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
    result.port = port;
    return result;
  }
};

/// Names one life of one node: who, where, and which start of it. Equal ids with another nonce are another
/// life.
struct NodeHandle {
  /// Zero in a seed of which only the endpoint is known: "whoever listens there".
  NodeId id;
  std::array<Endpoint, limits::kEndpoints> endpoints{};
  /// Grows by one with each start; a higher one ends the life before.
  std::uint32_t incarnation = 0;
  /// Drawn at each start; tells two processes apart that run from copies of one disk.
  std::uint64_t nonce = 0;

  friend constexpr bool operator==(const NodeHandle&, const NodeHandle&) = default;
  [[nodiscard]] constexpr bool same_life(const NodeHandle& other) const {
    return id == other.id && incarnation == other.incarnation && nonce == other.nonce;
  }
  /// Whether this is a later life of the same id; among equal incarnations the smaller nonce stays.
  [[nodiscard]] constexpr bool replaces(const NodeHandle& other) const {
    if (incarnation != other.incarnation) return incarnation > other.incarnation;
    return nonce < other.nonce;
  }
};

}  // namespace dart::overlay
