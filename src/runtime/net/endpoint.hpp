#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "overlay/node_handle.hpp"

namespace dart::runtime {

using overlay::Endpoint;

[[nodiscard]] bool is_v4(const Endpoint& endpoint);
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);
/// 0.0.0.0 or [::]: good to listen on, useless to tell others.
[[nodiscard]] bool is_wildcard(const Endpoint& endpoint);
/// "10.0.0.1:7400" or "[fe80::1]:7400".
[[nodiscard]] std::string text_of(const Endpoint& endpoint);

struct EndpointHash {
  std::size_t operator()(const Endpoint& endpoint) const;
};

/// A numeric address with a port, as `text_of` writes it.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);
/// The same, or a name with a port ("seed.example:7400"), asked of the system's resolver: may block.
[[nodiscard]] Result<std::vector<Endpoint>> resolve_endpoint(const std::string& text,
                                                             std::uint16_t default_port);
/// The addresses of this machine that others may reach, those of loopback last.
[[nodiscard]] std::vector<Endpoint> local_addresses(std::uint16_t port);

}  // namespace dart::runtime
