#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "directory/port.hpp"
#include "directory/soft/message.hpp"

namespace dart::directory::soft {

/// The overlay service that carries these messages.
inline constexpr std::uint16_t kService = 3;

using directory::Heard;
using directory::Neighbours;
using directory::Reached;
using directory::RouteTo;
using directory::Tell;
using directory::Tick;

/// A local client's operations; answered by Done with the same tag.
struct PutSoft {
  std::uint64_t tag = 0;
  std::string name;
  bool exists = true;  ///< false: take it back
  std::string value;
  std::int64_t lifetime_us = 0;
  std::uint64_t number = 0;  ///< of the version; 0: the next one
};
struct GetSoft {
  std::uint64_t tag = 0;
  std::string name;
};

using Input = std::variant<Tick, Heard, Reached, Neighbours, PutSoft, GetSoft>;

struct Done {
  std::uint64_t tag = 0;
  Outcome outcome = Outcome::Unavailable;
  Record record;  ///< what is held now; version 0: nothing
  std::string reason;
};

using Action = std::variant<Tell, RouteTo, Done>;

}  // namespace dart::directory::soft
