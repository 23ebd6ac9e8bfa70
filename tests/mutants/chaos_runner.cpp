#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "sim/chaos.hpp"

/// chaos_runner FIRST LAST NODES: runs seeds until one shows something wrong. 0: none did; 1: one did.
int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::uint64_t first = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t last = std::strtoull(argv[2], nullptr, 10);
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    dart::sim::ChaosOptions options;
    options.seed = seed;
    options.nodes = static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10));
    const auto report = dart::sim::run_chaos(options);
    if (report.violation_count == 0) continue;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), report.violations.front().c_str());
    return 1;
  }
  return 0;
}
