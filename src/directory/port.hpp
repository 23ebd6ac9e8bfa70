#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "directory/message.hpp"
#include "overlay/action.hpp"

namespace dart::directory {

/// The overlay service that carries messages of the Directory.
inline constexpr std::uint16_t kService = 1;

/// Runs whatever is due.
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
/// All writes up to this token lie on disk, and will be there after a loss of power.
struct Persisted {
  std::uint64_t token = 0;
  std::uint64_t bytes = 0;  ///< keys and values that lie there now; 0: not counted
};
/// A local client's operation; answered by Completed with the same tag. With the same request id it may be
/// given again after Unknown, and takes effect at most once.
struct Command {
  std::uint64_t tag = 0;
  RequestId request;
  Operation operation = Operation::Get;
  std::string name;
  std::uint64_t expected = 0;
  std::string value;
  bool again = false;  ///< given before with this request id: what the record has forgotten ends as Unknown
};
/// Which records have names that begin with `prefix`? Answered by Listed with the same tag. Each change that
/// was acknowledged before is seen; one that is under way may be seen or not.
struct ListNames {
  std::uint64_t tag = 0;
  std::string prefix;
  std::string after;  ///< only names that come later, in the order of bytes
  std::uint32_t limit = limits::kListed;
};
/// Every shard whose group has lost a majority for good goes on with what is left; what only the lost members
/// knew is gone, and so is what they decide among themselves should they live after all. Answered by Reformed
/// with the same tag.
struct Reform {
  std::uint64_t tag = 0;
};
/// Watch a record until Unwatch; each new version comes as Changed.
struct StartWatch {
  std::string name;
};
struct StopWatch {
  std::string name;
};

using Input = std::variant<Tick, Heard, Reached, Neighbours, Persisted, Command, ListNames, Reform,
                           StartWatch, StopWatch>;

/// One entry of a node's disk: written, or erased when there is no value.
struct Write {
  std::string key;
  std::optional<std::string> value;
};
/// Write all of this, together and lastingly (fsync), after what was asked for before; then say Persisted.
struct Persist {
  std::uint64_t token = 0;
  std::vector<Write> writes;
};
/// For the overlay.
struct Tell {
  overlay::NodeHandle to;
  std::string payload;
};
struct RouteTo {
  Key key;
  std::string payload;
};
struct Completed {
  std::uint64_t tag = 0;
  Answer answer;
};
struct Listed {
  std::uint64_t tag = 0;
  Outcome outcome = Outcome::Unavailable;  ///< Ok, Unavailable or Refused
  std::vector<NameVersion> names;          ///< in the order of bytes
  bool more = false;                       ///< the limit cut the list: go on after the last name
  std::string reason;                      ///< of Refused
};
struct Reformed {
  std::uint64_t tag = 0;
  bool refused = false;  ///< one is under way here already
  /// How many shards ended how, by Reforming; at 0 those that did not answer.
  std::array<std::uint32_t, 5> shards{};
};
struct Changed {
  std::string name;
  std::uint64_t version = 0;
};

using Action = std::variant<Persist, Tell, RouteTo, Completed, Listed, Reformed, Changed>;

/// What was found on disk.
struct Disk {
  std::vector<std::pair<std::string, std::string>> entries;  ///< in any order
  /// It was copied there from elsewhere since the start before: there, somebody may have promised more, or
  /// still be at work.
  bool copied = false;
};

}  // namespace dart::directory
