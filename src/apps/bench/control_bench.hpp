#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace dart::apps {

struct ControlBenchOptions {
  std::size_t runs = 5;       ///< rings, each with a seed of its own
  std::uint32_t nodes = 200;  ///< of each ring
  std::uint32_t apps = 200;   ///< deployed in each, one after the other
  std::uint32_t sources = 4;  ///< readers of each
  std::string file;           ///< where to write the costs; empty: nowhere
  bool json = false;
};

/// `dart bench control`: real nodes of a small ring in virtual time deploy queries, and every step that one
/// of them takes is timed by the processor time of this thread: bytes to message, the step, messages to
/// bytes; sockets and encryption are not in it. Medians by what was handled and what was sent because of it,
/// a ring for each policy; making a plan and opening an instance beside them. Returns the exit code.
int control_bench_command(const ControlBenchOptions& options);

}  // namespace dart::apps
