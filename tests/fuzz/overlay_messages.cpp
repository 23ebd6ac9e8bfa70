#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "overlay/envelope.hpp"

/// Arbitrary bytes as a message between nodes: an Error, or an Envelope that is the same after another round.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto envelope = dart::overlay::decode({reinterpret_cast<const char*>(data), size});
  if (!envelope) return 0;
  const std::string bytes = dart::overlay::encode(*envelope);
  const auto again = dart::overlay::decode(bytes);
  DART_CHECK(again.has_value());
  DART_CHECK(dart::overlay::encode(*again) == bytes);
  return 0;
}
