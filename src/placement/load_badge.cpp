#include "placement/load_badge.hpp"

#include "base/bytes.hpp"

namespace dart::placement {

namespace {

constexpr std::uint8_t kVersion = 1;

Result<Load> read_badge(std::string_view badge) {
  ByteReader in(badge);
  DART_TRY(const auto version, in.fixed<std::uint8_t>());
  if (version != kVersion) return fail(ErrorCode::Data, "a badge of another version");
  Load load;
  DART_TRY(load.cpu_permille, in.fixed<std::uint32_t>());
  DART_TRY(load.queue_rows, in.fixed<std::uint32_t>());
  DART_TRY(load.instances, in.fixed<std::uint32_t>());
  DART_TRY(load.capacity, in.fixed<std::uint32_t>());
  DART_TRY(load.free_bytes, in.fixed<std::uint64_t>());
  return load;
}

}  // namespace

std::string badge_of(const Load& load) {
  ByteWriter out;
  out.fixed(kVersion);
  out.fixed(load.cpu_permille);
  out.fixed(load.queue_rows);
  out.fixed(load.instances);
  out.fixed(load.capacity);
  out.fixed(load.free_bytes);
  return out.take();
}

std::optional<Load> load_of_badge(std::string_view badge) {
  const auto load = read_badge(badge);
  return load ? std::optional<Load>(*load) : std::nullopt;
}

}  // namespace dart::placement
