#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dart::engine::exchange {

/// The bytes as an LZ4 block; nothing when they are few (below 512) or would not shrink by an eighth.
[[nodiscard]] std::optional<std::string> compress(std::string_view plain);
/// The opposite; an Error unless exactly `plain_bytes` come out.
[[nodiscard]] Result<std::string> decompress(std::string_view bytes, std::size_t plain_bytes);

}  // namespace dart::engine::exchange
