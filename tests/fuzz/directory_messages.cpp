#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "directory/message_codec.hpp"

/// Arbitrary bytes as what nodes say about firm records, and as what lies on a disk: an Error, or a value
/// that is the same after another round.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dart::directory;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto same = [](const auto& value, const auto& decode_one) {
    if (!value) return;
    const std::string written = encode(*value);
    const auto again = decode_one(written);
    DART_CHECK(again.has_value());
    DART_CHECK(encode(*again) == written);
  };
  same(decode(bytes), [](std::string_view b) { return decode(b); });
  same(decode_register(bytes), [](std::string_view b) { return decode_register(b); });
  same(decode_shard(bytes), [](std::string_view b) { return decode_shard(b); });
  same(decode_life(bytes), [](std::string_view b) { return decode_life(b); });
  same(decode_group(bytes), [](std::string_view b) { return decode_group(b); });
  return 0;
}
