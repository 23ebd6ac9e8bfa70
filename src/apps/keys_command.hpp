#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/api_access.hpp"

namespace dart::apps {

/// Records of a ring, through the API of one of its nodes. All return the exit code: 0 only when what
/// was asked for is done.
struct KeysOptions {
  ApiAccess access;
  std::string name;
  std::string value;  ///< "-": all of standard input
  std::optional<std::uint64_t> expected;
  std::string request;  ///< of a change that is made again; empty: a new one
  std::string prefix;
  bool soft = false;                 ///< of soft records
  std::optional<double> lifetime_s;  ///< makes it a soft one
  std::uint64_t count = 0;           ///< of events; 0: no end
  bool json = false;
};

/// `dart ring get NAME`
int keys_get_command(const KeysOptions& options);
/// `dart ring put NAME VALUE` and, with `expected`, `dart ring cas NAME --expect N VALUE`
int keys_put_command(const KeysOptions& options);
/// `dart ring rm NAME`
int keys_remove_command(const KeysOptions& options);
/// `dart ring watch NAME`: a line for each version
int keys_watch_command(const KeysOptions& options);
/// `dart ring ls-keys [PREFIX]`
int keys_list_command(const KeysOptions& options);

/// `dart ring reform --accept-loss`
int ring_reform_command(const KeysOptions& options);

}  // namespace dart::apps
