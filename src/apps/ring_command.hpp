#pragma once

#include <cstdint>
#include <string>

#include "apps/api_access.hpp"

namespace dart::apps {

/// `dart ring ls`: the nodes that one node knows. Returns the exit code.
int ring_ls_command(const ApiAccess& access, bool json);
/// `dart ring ls --stats`: what all nodes of the ring counted, together.
int ring_stats_command(const ApiAccess& access, bool json);
/// `dart ring ls --label k=v`: the nodes of the ring that have the label.
int ring_label_command(const ApiAccess& access, const std::string& label, bool json);
/// `dart ring route KEY`: the path from that node to the root of a key (32 hexadecimal digits, or any words).
int ring_route_command(const ApiAccess& access, const std::string& key, bool json);

struct SpawnOptions {
  std::uint16_t bind_port = 0;
  std::string boot_host;
  std::uint16_t boot_port = 0;
  std::size_t nodes = 0;
  std::size_t requests = 0;
  bool requests_given = false;
  std::size_t endpoints = 4;
  std::size_t threads = 2;
  std::uint64_t seed = 0;
  bool seed_given = false;
  std::string profile = "quiet";
  std::string out;
  std::string ca_folder;
  bool insecure = false;
  bool json = false;
};

/// `dart ring spawn`: many nodes in this process over real sockets, and requests through them.
int ring_spawn_command(const SpawnOptions& options);

}  // namespace dart::apps
