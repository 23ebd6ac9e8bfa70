#include "sim/message_kind.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "directory/message.hpp"
#include "directory/message_codec.hpp"
#include "directory/soft/message.hpp"
#include "directory/soft/message_codec.hpp"
#include "directory/tree/message.hpp"
#include "directory/tree/message_codec.hpp"
#include "placement/message.hpp"
#include "placement/message_codec.hpp"

namespace dart::sim {

namespace {

constexpr std::size_t kOverlay = 0;
constexpr std::size_t kDirectory = kOverlay + std::size(overlay::kMessageNames);
constexpr std::size_t kTree = kDirectory + std::size(directory::kMessageNames);
constexpr std::size_t kSoft = kTree + std::size(directory::tree::kMessageNames);
constexpr std::size_t kQuery = kSoft + std::size(directory::soft::kMessageNames);
constexpr std::size_t kLocal = kQuery + std::size(placement::kMessageNames);

constexpr std::string_view kLocalNames[] = {"tick", "request", "opened", "persisted", "other"};
enum class Local : std::uint8_t { Tick, Request, Opened, Persisted, Other };
static_assert(kLocal + std::size(kLocalNames) < 128);

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  const auto add = [&](std::string_view group, std::span<const std::string_view> own) {
    for (const std::string_view name : own) names.push_back(std::string(group) + '.' + std::string(name));
  };
  add("overlay", overlay::kMessageNames);
  add("directory", directory::kMessageNames);
  add("tree", directory::tree::kMessageNames);
  add("soft", directory::soft::kMessageNames);
  add("query", placement::kMessageNames);
  add("local", kLocalNames);
  return names;
}

const std::vector<std::string>& names() {
  static const std::vector<std::string> all = all_names();
  return all;
}

std::optional<MessageKind> kind_of_payload(std::uint16_t service, std::string_view payload) {
  const auto numbered = [](std::size_t first, const auto& message) -> std::optional<MessageKind> {
    if (!message) return std::nullopt;
    return static_cast<MessageKind>(first + message->index());
  };
  switch (service) {
    case directory::kService:
      return numbered(kDirectory, directory::decode(payload));
    case directory::tree::kService:
      return numbered(kTree, directory::tree::decode(payload));
    case directory::soft::kService:
      return numbered(kSoft, directory::soft::decode(payload));
    case placement::kService:
      return numbered(kQuery, placement::decode(payload));
    default:
      return std::nullopt;
  }
}

MessageKind local(Local kind) { return static_cast<MessageKind>(kLocal + static_cast<std::size_t>(kind)); }

template <class Message, class Variant, std::size_t Index = 0>
constexpr std::size_t index_of() {
  if constexpr (std::is_same_v<Message, std::variant_alternative_t<Index, Variant>>) {
    return Index;
  } else {
    return index_of<Message, Variant, Index + 1>();
  }
}
template <class Message>
constexpr MessageKind query_kind() {
  return static_cast<MessageKind>(kQuery + index_of<Message, placement::Message>());
}
template <class Message>
constexpr MessageKind overlay_kind() {
  return static_cast<MessageKind>(kOverlay + index_of<Message, overlay::Message>());
}

}  // namespace

std::size_t message_kinds() { return names().size(); }

const std::string& name_of(MessageKind kind) {
  DART_CHECK(kind < names().size());
  return names()[kind];
}

std::optional<MessageKind> kind_named(std::string_view name) {
  const auto found = std::find(names().begin(), names().end(), name);
  if (found == names().end()) return std::nullopt;
  return static_cast<MessageKind>(found - names().begin());
}

MessageKind kind_of(const overlay::Message& message) {
  std::optional<MessageKind> carried;
  if (const auto* routed = std::get_if<overlay::Routed>(&message)) {
    carried = kind_of_payload(routed->service, routed->payload);
  } else if (const auto* direct = std::get_if<overlay::Direct>(&message)) {
    carried = kind_of_payload(direct->service, direct->payload);
  }
  return carried.value_or(static_cast<MessageKind>(kOverlay + message.index()));
}

MessageKind kind_of(const node::NodeCore& core, const node::Input& input) {
  if (const auto* received = std::get_if<overlay::Received>(&input)) {
    const auto* routed = std::get_if<overlay::Routed>(&received->message);
    if (routed != nullptr && core.overlay().next_hop(routed->key)) return overlay_kind<overlay::Routed>();
    return kind_of(received->message);
  }
  if (std::holds_alternative<overlay::Tick>(input)) return local(Local::Tick);
  if (std::holds_alternative<placement::Request>(input)) return local(Local::Request);
  if (std::holds_alternative<placement::Opened>(input)) return local(Local::Opened);
  if (std::holds_alternative<directory::Persisted>(input)) return local(Local::Persisted);
  return local(Local::Other);
}

bool is_upkeep(MessageKind kind) {
  if (kind >= kQuery && kind < kLocal) {
    return kind == query_kind<placement::RollCall>() || kind == query_kind<placement::RollAnswer>() ||
           kind == query_kind<placement::Probe>();
  }
  if (kind >= kDirectory) return false;
  return kind != overlay_kind<overlay::Routed>() && kind != overlay_kind<overlay::HopAck>() &&
         kind != overlay_kind<overlay::Receipt>() && kind != overlay_kind<overlay::Direct>();
}

}  // namespace dart::sim
