#include "plan/distribution.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"

/// Arbitrary bytes as a query's program: an Error, or a plan that is cut the same way after another round.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto cut = dart::plan::decode_distribution({reinterpret_cast<const char*>(data), size});
  if (!cut) return 0;
  DART_CHECK(cut->plan.validate().has_value());
  const std::string bytes = dart::plan::encode(*cut);
  const auto again = dart::plan::decode_distribution(bytes);
  DART_CHECK(again.has_value());
  DART_CHECK(again->stages.size() == cut->stages.size());
  DART_CHECK(again->exchanges.size() == cut->exchanges.size());
  for (std::size_t e = 0; e < again->exchanges.size(); ++e) {
    DART_CHECK(!dart::plan::row_shape(*again, e).types.empty() || cut->plan.nodes.size() > 1);
  }
  return 0;
}
