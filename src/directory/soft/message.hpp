#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "directory/soft/record.hpp"

namespace dart::directory::soft {

using RequestId = NodeId;

enum class Outcome : std::uint8_t {
  Ok = 1,           ///< read, or written and held by a majority of the replicas
  Stale = 2,        ///< not written: there is a newer version, which comes along
  Refused = 3,      ///< a limit: the reason comes along
  Unavailable = 4,  ///< no answer in time; a write may have been done
};

/// Routed to the key of the name.
struct Put {
  RequestId request;
  Record record;  ///< version.number 0: one more than what is held
};
struct Get {
  RequestId request;
  std::string name;
};
/// Straight back.
struct Ended {
  RequestId request;
  Outcome outcome = Outcome::Unavailable;
  Record record;  ///< what is held now; version 0: nothing
  std::string reason;
};

/// From a root that does not hold a record to those who may.
struct Look {
  std::uint64_t round = 0;
  std::string name;
};
struct Looked {
  std::uint64_t round = 0;
  std::optional<Record> record;
};

/// From holder to holder. Answered by Confirmed, and by what is newer there.
struct Copies {
  std::vector<Record> records;
};
struct Confirmed {
  struct One {
    std::string name;
    Version version;  ///< or a later one is held
  };
  std::vector<One> records;
};

using Message = std::variant<Put, Get, Ended, Look, Looked, Copies, Confirmed>;

/// Names of the kinds of Message, by index().
inline constexpr std::string_view kMessageNames[] = {"put",    "get",    "ended",    "look",
                                                     "looked", "copies", "confirmed"};
static_assert(std::size(kMessageNames) == std::variant_size_v<Message>);

}  // namespace dart::directory::soft
