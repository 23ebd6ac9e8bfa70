#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "plan/codec.hpp"

/// Arbitrary bytes as a plan: an Error, or a valid plan that is the same after another round.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto plan = dart::plan::decode({reinterpret_cast<const char*>(data), size});
  if (!plan) return 0;
  DART_CHECK(plan->validate().has_value());
  const std::string bytes = dart::plan::encode(*plan);
  const auto again = dart::plan::decode(bytes);
  DART_CHECK(again.has_value());
  DART_CHECK(dart::plan::encode(*again) == bytes);
  DART_CHECK(!dart::plan::explain(*again).empty() || again->sinks().empty());
  return 0;
}
