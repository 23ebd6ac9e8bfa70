#pragma once

#include <functional>
#include <string>

#include "api/ring_port.hpp"

namespace dart::api {

struct Request {
  std::string method;
  std::string target;  ///< path and query as they came
};

struct Response {
  unsigned status = 200;
  std::string body;  ///< JSON
};

/// `/v1/ring`, `/v1/nodes` and `/v1/route?key=…` of one node. An error is `{"error": "…", "hint": "…"}` with
/// a fitting status.
class RingApi {
 public:
  explicit RingApi(RingPort& port) : port_(port) {}
  /// `done` is called once, perhaps later.
  void handle(const Request& request, std::function<void(Response)> done);

 private:
  [[nodiscard]] Response ring() const;
  [[nodiscard]] Response nodes() const;
  void route(const std::string& query, std::function<void(Response)> done);

  RingPort& port_;
};

}  // namespace dart::api
