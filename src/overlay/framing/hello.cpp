#include "overlay/framing/hello.hpp"

#include "base/bytes.hpp"
#include "base/limits.hpp"

namespace dart::overlay::framing {

namespace {

/// "DART" as it stands in the bytes.
constexpr std::uint32_t kMagic = 0x54524144;

Result<Hello> read_hello(std::string_view payload) {
  ByteReader reader(payload);
  Hello hello;
  DART_TRY(const auto magic, reader.fixed<std::uint32_t>());
  if (magic != kMagic) return fail(ErrorCode::Data, "no greeting of this protocol");
  DART_TRY(hello.ring, reader.fixed<RingId>());
  DART_TRY(hello.oldest_level, reader.fixed<std::uint16_t>());
  DART_TRY(hello.level, reader.fixed<std::uint16_t>());
  DART_TRY(hello.nonce, reader.fixed<HelloNonce>());
  DART_TRY(hello.host, reader.fixed<HostKey>());
  DART_TRY(hello.boot, reader.fixed<std::uint64_t>());
  DART_TRY(hello.node_limit, reader.fixed<std::uint32_t>());
  DART_TRY(const auto endpoint, reader.text());
  if (endpoint.size() > dart::limits::kEndpointBytes || hello.oldest_level > hello.level ||
      hello.node_limit == 0 || hello.node_limit > dart::limits::kHostNodes) {
    return fail(ErrorCode::Data, "a greeting beyond the limits");
  }
  hello.endpoint = endpoint;
  return hello;
}

}  // namespace

std::string encode_hello(const Hello& hello) {
  ByteWriter writer;
  writer.fixed(kMagic);
  writer.fixed(hello.ring);
  writer.fixed(hello.oldest_level);
  writer.fixed(hello.level);
  writer.fixed(hello.nonce);
  writer.fixed(hello.host);
  writer.fixed(hello.boot);
  writer.fixed(hello.node_limit);
  writer.text(hello.endpoint);
  return writer.take();
}

std::optional<Hello> decode_hello(std::string_view payload) {
  auto hello = read_hello(payload);
  if (!hello) return std::nullopt;
  return *std::move(hello);
}

const char* name_of(RefuseReason reason) {
  switch (reason) {
    case RefuseReason::WrongRing:
      return "wrong_ring";
    case RefuseReason::NoRing:
      return "no_ring";
    case RefuseReason::FeatureLevel:
      return "feature_level";
    case RefuseReason::Identity:
      return "identity";
    case RefuseReason::Replayed:
      return "replayed";
    case RefuseReason::Malformed:
      return "malformed";
  }
  return "unknown";
}

}  // namespace dart::overlay::framing
