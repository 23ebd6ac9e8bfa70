#include "apps/process_memory.hpp"

#include <sys/resource.h>

namespace dart::apps {

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

double peak_rss_mb() { return static_cast<double>(peak_rss_bytes()) / 1e6; }

}  // namespace dart::apps
