#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "apps/sim/query_report.hpp"
#include "sim/chaos.hpp"
#include "sim/directory_chaos.hpp"
#include "sim/query_chaos.hpp"

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
bool clean_run(Options options, std::uint64_t seed, std::uint32_t nodes, const Run& run) {
  options.seed = seed;
  options.nodes = nodes;
  return clean(run(options));
}

bool clean_seed(std::string_view room, std::uint64_t seed, std::uint32_t nodes) {
  if (room == "directory") {
    return clean_run(dart::sim::DirectoryChaosOptions{}, seed, nodes, dart::sim::run_directory_chaos);
  }
  if (room == "overlay") return clean_run(dart::sim::ChaosOptions{}, seed, nodes, dart::sim::run_chaos);
  dart::sim::QueryChaosOptions options;
  options.queries = dart::apps::chaos_queries().value();
  return clean_run(options, seed, nodes, dart::sim::run_query_chaos);
}

}  // namespace

/// chaos_runner overlay|directory|queries FIRST LAST NODES: runs seeds until one shows something wrong. 0:
/// none did; 1: one did.
int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::uint64_t last = std::strtoull(argv[3], nullptr, 10);
  const auto nodes = static_cast<std::uint32_t>(std::strtoul(argv[4], nullptr, 10));
  for (std::uint64_t seed = std::strtoull(argv[2], nullptr, 10); seed <= last; ++seed) {
    if (!clean_seed(argv[1], seed, nodes)) return 1;
  }
  return 0;
}
