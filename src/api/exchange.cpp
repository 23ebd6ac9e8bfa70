#include "api/exchange.hpp"

#include <nlohmann/json.hpp>

namespace dart::api {

Response error_response(unsigned status, const std::string& message, const std::string& hint) {
  nlohmann::ordered_json body{{"error", message}};
  if (!hint.empty()) body["hint"] = hint;
  return {status, body.dump()};
}

}  // namespace dart::api
