#pragma once

namespace dart {

/// The compiler's 128-bit integer under a name that passes -Wpedantic.
__extension__ using int128 = __int128;
__extension__ using uint128 = unsigned __int128;

}  // namespace dart
