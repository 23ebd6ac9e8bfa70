#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dart::sql {

/// What to write instead, when a text that does not parse looks like the dialect of another streaming engine;
/// empty when nothing is recognised. `offset` is where the parser stopped.
[[nodiscard]] std::string syntax_hint(std::string_view text, std::uint32_t offset);

}  // namespace dart::sql
