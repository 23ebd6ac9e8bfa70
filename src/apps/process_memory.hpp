#pragma once

#include <cstdint>

namespace dart::apps {

/// The most memory that this process ever held, in bytes.
[[nodiscard]] std::uint64_t peak_rss_bytes();
/// The same in MB of 10^6 bytes.
[[nodiscard]] double peak_rss_mb();

}  // namespace dart::apps
