#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "overlay/message.hpp"

namespace dart::runtime {

/// Payloads of routed messages that write down their own path: each node adds itself, the root sends the
/// whole back. Services of what is no part of every node have numbers from 0x100 on.
inline constexpr std::uint16_t kTraceService = 0x100;
inline constexpr std::uint16_t kTraceReplyService = 0x101;

struct TraceStep {
  NodeId id;
  overlay::Endpoint endpoint;
};

/// Adds a node behind those that are there, unless it is the last already.
void append_step(std::string& payload, const overlay::NodeHandle& node);
/// Origin first, root last. Empty when the payload is none of this kind.
[[nodiscard]] std::optional<std::vector<TraceStep>> decode_steps(std::string_view payload);

/// What the root sends to the origin.
struct TraceReply {
  std::uint64_t request = 0;
  std::int64_t delivered_us = 0;  ///< of the root's clock: means something in one process only
  std::vector<TraceStep> steps;
};
[[nodiscard]] std::string encode_trace_reply(std::uint64_t request, std::int64_t delivered_us,
                                             std::string_view steps);
[[nodiscard]] std::optional<TraceReply> decode_trace_reply(std::string_view payload);

}  // namespace dart::runtime
