#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "placement/message.hpp"

namespace dart::placement {

/// The bytes of a message (protobuf, wire/placement.proto); they travel as the payload of an overlay message.
[[nodiscard]] std::string encode(const Message& message);
/// Of any bytes from anywhere. An Error for what is no message or breaks a limit.
[[nodiscard]] Result<Message> decode(std::string_view bytes);

}  // namespace dart::placement
