#include "runtime/net/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/limits.hpp"
#include "base/random.hpp"

namespace dart::runtime {

namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

struct HostPort {
  std::string host;
  std::optional<std::uint16_t> port;
};

Result<HostPort> split(std::string_view text) {
  const auto wrong = [&](const char* what) {
    return fail(ErrorCode::InvalidArgument, fmt::format("'{}' is no endpoint: {}", text, what), std::nullopt,
                "write address:port, [IPv6 address]:port or name:port");
  };
  if (text.empty() || text.size() > limits::kEndpointBytes) return wrong("wrong length");
  HostPort parts;
  std::string_view port;
  if (text.front() == '[') {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return wrong("no closing bracket");
    parts.host = text.substr(1, close - 1);
    const auto rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return wrong("no colon in front of the port");
    port = rest.empty() ? rest : rest.substr(1);
  } else {
    const auto colon = text.rfind(':');
    if (colon != text.find(':')) return wrong("an IPv6 address needs brackets");
    parts.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (parts.host.empty()) return wrong("no address");
  if (!port.empty()) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size())
      return wrong("the port is no number up to 65535");
    parts.port = number;
  }
  return parts;
}

Endpoint from_socket_address(const sockaddr& address, std::uint16_t port) {
  Endpoint endpoint;
  endpoint.port = port;
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(endpoint.address.data(), &v6.sin6_addr, endpoint.address.size());
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::copy(kMapped.begin(), kMapped.end(), endpoint.address.begin());
    std::memcpy(endpoint.address.data() + kMapped.size(), &v4.sin_addr, 4);
  }
  return endpoint;
}

Result<std::vector<Endpoint>> look_up(const HostPort& parts, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(parts.host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return fail(ErrorCode::NotFound, fmt::format("cannot resolve '{}': {}", parts.host, gai_strerror(error)));
  }
  std::vector<Endpoint> endpoints;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const auto endpoint = from_socket_address(*one->ai_addr, port);
    if (std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end())
      endpoints.push_back(endpoint);
  }
  freeaddrinfo(found);
  // IPv4 first: a name for loopback means both, and most listeners are there.
  std::stable_partition(endpoints.begin(), endpoints.end(), [](const Endpoint& e) { return is_v4(e); });
  return endpoints;
}

}  // namespace

bool is_v4(const Endpoint& endpoint) {
  return std::equal(kMapped.begin(), kMapped.end(), endpoint.address.begin());
}

bool is_loopback(const Endpoint& endpoint) {
  if (is_v4(endpoint)) return endpoint.address[12] == 127;
  Endpoint loopback;
  loopback.address[15] = 1;
  return endpoint.address == loopback.address;
}

bool is_wildcard(const Endpoint& endpoint) {
  const auto from = endpoint.address.begin() + (is_v4(endpoint) ? 12 : 0);
  return std::all_of(from, endpoint.address.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string text_of(const Endpoint& endpoint) {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (is_v4(endpoint)) {
    inet_ntop(AF_INET, endpoint.address.data() + kMapped.size(), buffer, sizeof buffer);
    return fmt::format("{}:{}", buffer, endpoint.port);
  }
  inet_ntop(AF_INET6, endpoint.address.data(), buffer, sizeof buffer);
  return fmt::format("[{}]:{}", buffer, endpoint.port);
}

std::size_t EndpointHash::operator()(const Endpoint& endpoint) const {
  std::uint64_t halves[2];
  std::memcpy(halves, endpoint.address.data(), sizeof halves);
  return static_cast<std::size_t>(mix64(halves[0] ^ mix64(halves[1] ^ endpoint.port)));
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  DART_TRY(const auto parts, split(text));
  if (!parts.port) {
    return fail(ErrorCode::InvalidArgument, fmt::format("'{}' is no endpoint: no port", text));
  }
  Endpoint endpoint;
  endpoint.port = *parts.port;
  if (inet_pton(AF_INET6, parts.host.c_str(), endpoint.address.data()) == 1) return endpoint;
  std::copy(kMapped.begin(), kMapped.end(), endpoint.address.begin());
  if (inet_pton(AF_INET, parts.host.c_str(), endpoint.address.data() + kMapped.size()) == 1) return endpoint;
  return fail(ErrorCode::InvalidArgument, fmt::format("'{}' is no endpoint: no numeric address", text));
}

Result<std::vector<Endpoint>> resolve_endpoint(const std::string& text, std::uint16_t default_port) {
  DART_TRY(const auto parts, split(text));
  return look_up(parts, parts.port.value_or(default_port), 0);
}

std::vector<Endpoint> local_addresses(std::uint16_t port) {
  std::vector<Endpoint> endpoints;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return endpoints;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    const auto family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const auto endpoint = from_socket_address(*one->ifa_addr, port);
    const bool link_local =
        !is_v4(endpoint) && endpoint.address[0] == 0xFE && (endpoint.address[1] & 0xC0) == 0x80;
    if (!link_local) endpoints.push_back(endpoint);
  }
  freeifaddrs(all);
  std::stable_partition(endpoints.begin(), endpoints.end(), [](const Endpoint& e) { return is_v4(e); });
  std::stable_partition(endpoints.begin(), endpoints.end(),
                        [](const Endpoint& e) { return !is_loopback(e); });
  return endpoints;
}

}  // namespace dart::runtime
