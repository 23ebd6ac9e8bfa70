#pragma once

#include <cstdint>
#include <string>

#include "api/ring_api.hpp"
#include "base/result.hpp"

namespace dart::api {

/// One GET of a node's API, blocking. `server` is "address:port". An Error when nobody answers; statuses of
/// the server are in the Response.
[[nodiscard]] Result<Response> http_get(const std::string& server, const std::string& target,
                                        std::int64_t timeout_s);

/// Words as they may stand in a query.
[[nodiscard]] std::string percent_encoded(const std::string& words);

}  // namespace dart::api
