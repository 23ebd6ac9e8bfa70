#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/mailbox.hpp"
#include "runtime/unit.hpp"

namespace dart::runtime {

/// A unit of a ring's query: it can stand still behind a barrier, be taken down there as bytes, and go on
/// from them elsewhere.
class RingUnit : public Unit {
 public:
  /// Lets the barrier go through its sources; what follows from it is in `outgoing`.
  virtual void start_barrier(std::uint64_t barrier) = 0;
  /// The barrier that it stands still behind. Until `resume` nothing is read, and nothing comes.
  [[nodiscard]] virtual std::optional<std::uint64_t> held_barrier() const = 0;
  virtual void resume() = 0;
  [[nodiscard]] virtual std::string snapshot() const = 0;
  [[nodiscard]] virtual Status restore(std::string_view bytes) = 0;
  [[nodiscard]] virtual std::vector<engine::OperatorReport> report() const = 0;
};

/// The end of a link from another host: turns its bytes into messages for the unit. One worker uses it at a
/// time.
class Inlet {
 public:
  virtual ~Inlet() = default;
  /// Messages that stand one behind another in `bytes`, for `take`. Wrong bytes are an Error.
  [[nodiscard]] virtual Result<std::vector<engine::Message>> unpack(std::string_view bytes) = 0;
  /// The unit has handled so many bytes, or will never want them.
  virtual void used(std::size_t bytes) = 0;
};
struct Packed {
  std::shared_ptr<Inlet> from;
  std::string bytes;
};
using Arrival = std::variant<engine::Message, Packed>;

/// Where the messages of one unit go.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Takes all of `messages`, in order, and empties it. An Error: the unit cannot go on. Called by a worker,
  /// without the pool's lock.
  [[nodiscard]] virtual Status send(std::vector<engine::Message>& messages) = 0;
  /// What was sent leaves now: the turn is over.
  virtual void flush() = 0;
  /// False: something that it feeds is full. Called with the pool's lock, and so must not take it.
  [[nodiscard]] virtual bool has_room() const = 0;
};

}  // namespace dart::runtime
