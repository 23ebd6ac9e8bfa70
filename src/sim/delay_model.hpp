#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace dart::sim {

/// How long a message takes from one machine to another when nothing is in its way: symmetric, at least 500
/// µs.
class DelayModel {
 public:
  virtual ~DelayModel() = default;
  /// Gives the next machine its place.
  virtual void add_machine(Random& random) = 0;
  /// One way.
  [[nodiscard]] virtual Duration delay(std::uint32_t from, std::uint32_t to) const = 0;
};

/// Names: plane (at most 200 ms), sphere (great circles, at most 200 ms), transit-stub (Georgia Tech's
/// shape), or matrix. `matrix` is the text of a file of round trips in milliseconds: one line a site, values
/// between commas.
[[nodiscard]] Result<std::unique_ptr<DelayModel>> make_delay_model(std::string_view name, Random random,
                                                                   std::string_view matrix = {});

}  // namespace dart::sim
