#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "overlay/message.hpp"

namespace dart::overlay {

/// What goes into one frame: a message, who sends it, and which node behind the endpoint it is for.
struct Envelope {
  NodeHandle from;
  /// Zero: any node that listens there.
  NodeId to;
  std::uint64_t to_nonce = 0;
  Message message;
};

/// The bytes of one frame. At most limits::kMessageBytes when the message keeps the limits of its fields.
[[nodiscard]] std::string encode(const Envelope& envelope);

/// The opposite. Bytes that are malformed, too large, beyond a limit, or of an unknown kind give an Error.
[[nodiscard]] Result<Envelope> decode(std::string_view bytes);

}  // namespace dart::overlay
