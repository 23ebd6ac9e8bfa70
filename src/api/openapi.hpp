#pragma once

#include <string_view>

namespace dart::api {

/// docs/openapi.json as it was when this was built.
[[nodiscard]] std::string_view openapi_text();

}  // namespace dart::api
