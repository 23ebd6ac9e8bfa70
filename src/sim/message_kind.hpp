#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "node/node_core.hpp"

namespace dart::sim {

/// What a message between nodes is about: those of the overlay by their kind, those of a service by the kind
/// of what they carry. Names: "overlay.heartbeat", "directory.accept", "query.reserve". What a node is told
/// by its own driver has a kind too: "local.request", "local.tick".
using MessageKind = std::uint8_t;

/// Kinds are the numbers below this; fewer than 128.
[[nodiscard]] std::size_t message_kinds();
[[nodiscard]] const std::string& name_of(MessageKind kind);
[[nodiscard]] std::optional<MessageKind> kind_named(std::string_view name);

/// Of a message on its way. A payload that its service cannot read counts as the overlay's.
[[nodiscard]] MessageKind kind_of(const overlay::Message& message);
/// Of an input of this node. A routed message that goes on from here is "overlay.routed", whatever it
/// carries.
[[nodiscard]] MessageKind kind_of(const node::NodeCore& core, const node::Input& input);

/// What keeps a ring and running queries alive, whether or not queries are deployed: heartbeats, probes,
/// tables, deaths, roll calls and their answers.
[[nodiscard]] bool is_upkeep(MessageKind kind);

}  // namespace dart::sim
