#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "sim/chaos.hpp"
#include "sim/directory_chaos.hpp"

namespace {

/// Says what is wrong, if anything.
template <class Report>
bool clean(const Report& report) {
  if (report.violation_count == 0) return true;
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(report.seed),
              report.violations.front().c_str());
  return false;
}

template <class Options, class Run>
bool clean_run(std::uint64_t seed, std::uint32_t nodes, const Run& run) {
  Options options;
  options.seed = seed;
  options.nodes = nodes;
  return clean(run(options));
}

}  // namespace

/// chaos_runner overlay|directory FIRST LAST NODES: runs seeds until one shows something wrong. 0: none did;
/// 1: one did.
int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const bool directory = std::string_view(argv[1]) == "directory";
  const std::uint64_t last = std::strtoull(argv[3], nullptr, 10);
  const auto nodes = static_cast<std::uint32_t>(std::strtoul(argv[4], nullptr, 10));
  for (std::uint64_t seed = std::strtoull(argv[2], nullptr, 10); seed <= last; ++seed) {
    const bool good =
        directory ? clean_run<dart::sim::DirectoryChaosOptions>(seed, nodes, dart::sim::run_directory_chaos)
                  : clean_run<dart::sim::ChaosOptions>(seed, nodes, dart::sim::run_chaos);
    if (!good) return 1;
  }
  return 0;
}
