#pragma once

#include "apps/api_access.hpp"

namespace dart::apps {

struct TopOptions {
  ApiAccess access;
  double every_s = 2;
  bool once = false;
  bool json = false;
};

/// `dart top`: the nodes that one node knows and the queries of the ring; again and again on a terminal,
/// until Ctrl-C, else once. Returns the exit code.
int top_command(const TopOptions& options);

}  // namespace dart::apps
