#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "overlay/config.hpp"

namespace dart::apps {

struct NodeOptions {
  std::vector<std::string> listen;
  std::vector<std::string> advertise;
  std::vector<std::string> join;
  bool bootstrap = false;
  std::string http = "127.0.0.1:7480";
  std::string data = "dart-data";
  std::string name;
  std::string profile = "lan";
  std::vector<std::string> labels;
  std::uint64_t lend_disk = std::uint64_t{1} << 30;
  std::string ca;
  std::string cert;
  std::string key;
  bool insecure = false;
  std::string tokens;  ///< file of bearer tokens; empty: no tokens, and HTTP on loopback only
  std::uint64_t memory = std::uint64_t{512} << 20;  ///< bytes that all instances together may take
  std::uint32_t capacity = 0;                       ///< instances at most; 0: as many as fit
  std::size_t chunk_rows = limits::kChunkRows;      ///< rows that travel together at most
  std::size_t workers = 1;                          ///< threads that run instances
  bool json = false;
};

/// `dart node start`: a bare node of a ring, until SIGTERM or Ctrl-C (it then says goodbye; the second ends
/// it at once). Prints where it listens, then what happens to it. Returns the exit code.
int node_start_command(const NodeOptions& options);

}  // namespace dart::apps
