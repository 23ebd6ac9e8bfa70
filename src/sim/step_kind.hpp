#pragma once

#include <bitset>
#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/message_kind.hpp"

namespace dart::sim {

/// What a step was about: what the node was told, and which kinds of message it sent because of it. Steps
/// that handle one kind can differ much: of a query's readers only the last JOIN makes its scheduler choose
/// hosts.
struct StepKind {
  MessageKind handled = 0;
  std::bitset<128> sent;  ///< by MessageKind

  friend bool operator==(const StepKind&, const StepKind&) = default;
};

/// "query.join > query.reserve overlay.hop_ack"; nothing stands behind ">" when nothing was sent.
[[nodiscard]] std::string text_of(const StepKind& kind);
/// The opposite; nothing for what is no such text.
[[nodiscard]] std::optional<StepKind> step_kind_named(std::string_view text);

/// The step that turned a node's input, of the kind `handled`, into these actions.
[[nodiscard]] StepKind step_kind_of(MessageKind handled, const std::vector<node::Action>& actions);

struct StepKindHash {
  [[nodiscard]] std::size_t operator()(const StepKind& kind) const {
    return std::hash<std::bitset<128>>()(kind.sent) * 31 + kind.handled;
  }
};

}  // namespace dart::sim
