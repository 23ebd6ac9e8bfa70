#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.hpp"
#include "directory/message_codec.hpp"
#include "directory/soft/message_codec.hpp"

/// Arbitrary bytes as what nodes say about firm records, and as what lies on a disk: an Error, or a value
/// that is the same after another round.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace directory = dart::directory;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto same = [](const auto& value, const auto& decode_one) {
    if (!value) return;
    const std::string written = directory::encode(*value);
    const auto again = decode_one(written);
    DART_CHECK(again.has_value());
    DART_CHECK(directory::encode(*again) == written);
  };
  same(directory::decode(bytes), [](std::string_view b) { return directory::decode(b); });
  same(directory::decode_register(bytes), [](std::string_view b) { return directory::decode_register(b); });
  same(directory::decode_shard(bytes), [](std::string_view b) { return directory::decode_shard(b); });
  same(directory::decode_life(bytes), [](std::string_view b) { return directory::decode_life(b); });
  same(directory::decode_group(bytes), [](std::string_view b) { return directory::decode_group(b); });
  if (const auto soft = directory::soft::decode(bytes)) {
    const std::string written = directory::soft::encode(*soft);
    const auto again = directory::soft::decode(written);
    DART_CHECK(again.has_value());
    DART_CHECK(directory::soft::encode(*again) == written);
  }
  return 0;
}
