#pragma once

#include <string>

#include "apps/api_access.hpp"

namespace dart::apps {

struct TailOptions {
  ApiAccess access;
  std::string name;
  bool follow = true;  ///< false: what is kept, no more
  bool json = false;   ///< one JSON object an event
};

/// `dart stream tail NAME`: prints the rows of a query as they come, until it ends (0), Ctrl-C (130), or
/// nobody can give them any more (1). A new run, and rows that were missed, are told on standard error.
int stream_tail_command(const TailOptions& options);

}  // namespace dart::apps
