#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dart::overlay::framing {

/// A ring's name for itself, drawn when it was made. All zero: in no ring yet.
using RingId = std::array<std::uint8_t, 16>;
/// SHA-256 of a host's public key.
using HostKey = std::array<std::uint8_t, 32>;
using HelloNonce = std::array<std::uint8_t, 16>;

/// What one program of this protocol can do; the ring works at the lowest of its members.
inline constexpr std::uint16_t kFeatureLevel = 1;
/// The oldest level that this program still speaks.
inline constexpr std::uint16_t kOldestFeatureLevel = 1;

/// The first frame of each side of a connection. Bytes behind the known fields belong to newer levels and are
/// passed over.
struct Hello {
  RingId ring{};
  std::uint16_t oldest_level = kOldestFeatureLevel;
  std::uint16_t level = kFeatureLevel;
  HelloNonce nonce{};            ///< drawn for this connection; the other side returns it in Ready
  HostKey host{};                ///< must be the one that TLS proved; without TLS a claim
  std::uint64_t boot = 0;        ///< drawn when the host's process started: tells its lives apart
  std::uint32_t node_limit = 1;  ///< nodes on this host at most; with TLS the certificate decides
  std::string endpoint;          ///< where the host listens, "address:port"
};
[[nodiscard]] std::string encode_hello(const Hello& hello);
/// Empty when the bytes are no Hello.
[[nodiscard]] std::optional<Hello> decode_hello(std::string_view payload);

/// Why a connection is closed by the side that sends Refuse.
enum class RefuseReason : std::uint8_t {
  WrongRing = 1,
  NoRing = 2,        ///< the side that was called is in no ring yet
  FeatureLevel = 3,  ///< no common level
  Identity = 4,      ///< the host key is not the one that TLS proved
  Replayed = 5,      ///< Ready does not carry the nonce of this connection
  Malformed = 6,
};
[[nodiscard]] const char* name_of(RefuseReason reason);

}  // namespace dart::overlay::framing
