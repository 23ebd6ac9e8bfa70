#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "engine/instance.hpp"

namespace dart::runtime {

/// What a worker runs: an engine::Instance, or a double in tests. The calls mean what they mean there. At
/// most one worker is inside a unit at any time.
class Unit {
 public:
  virtual ~Unit() = default;
  [[nodiscard]] virtual bool has_sources() const = 0;
  virtual engine::Instance::Turn poll(TimePoint now, std::size_t budget_rows) = 0;
  virtual void receive(engine::Message message) = 0;
  virtual void pause() = 0;
  virtual void stop_sources() = 0;
  [[nodiscard]] virtual std::vector<engine::Message>& outgoing() = 0;
  [[nodiscard]] virtual bool finished() const = 0;
  [[nodiscard]] virtual const std::optional<Error>& failure() const = 0;
  [[nodiscard]] virtual std::vector<int> ready_fds() const = 0;
};

}  // namespace dart::runtime
