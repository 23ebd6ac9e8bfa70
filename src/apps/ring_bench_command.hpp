#pragma once

#include <cstddef>
#include <string>

namespace dart::apps {

struct RingBenchOptions {
  std::size_t nodes = 8;
  double rate = 1000;  ///< compare-and-sets a second
  double seconds = 10;
  std::size_t clients = 16;
  std::size_t records = 16;  ///< of each client
  std::string folder;        ///< where the nodes' folders are made; empty: a temporary place
  bool json = false;
};

/// `dart ring bench`: a ring of processes on this machine over TLS, and clients that change firm records
/// through its API at a given rate. Prints what was done, how long it took, and what it cost. Returns the
/// exit code: 1 when a change did not succeed.
int ring_bench_command(const RingBenchOptions& options);

}  // namespace dart::apps
