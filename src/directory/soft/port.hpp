#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "directory/soft/message.hpp"
#include "overlay/node_handle.hpp"

namespace dart::directory::soft {

/// The overlay service that carries these messages.
inline constexpr std::uint16_t kService = 3;

struct Tick {};
/// A payload of kService came straight from a node.
struct Heard {
  overlay::NodeHandle from;
  std::string payload;
};
/// A payload of kService was delivered here because this node is the root of its key.
struct Reached {
  overlay::NodeHandle origin;
  std::string payload;
};
/// The leaf set changed.
struct Neighbours {};

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

/// For the overlay.
struct Tell {
  overlay::NodeHandle to;
  std::string payload;
};
struct RouteTo {
  Key key;
  std::string payload;
};
struct Done {
  std::uint64_t tag = 0;
  Outcome outcome = Outcome::Unavailable;
  Record record;  ///< what is held now; version 0: nothing
  std::string reason;
};

using Action = std::variant<Tell, RouteTo, Done>;

}  // namespace dart::directory::soft
