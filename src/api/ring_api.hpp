#pragma once

#include <functional>
#include <string>

#include "api/exchange.hpp"
#include "api/keys_api.hpp"
#include "api/ring_port.hpp"
#include "api/soft_api.hpp"

namespace dart::api {

/// `/v1/ring` (`?stats=1`: of the whole ring), `/v1/nodes` (`?label=k=v`: those), `/v1/route?key=…` and
/// `/v1/keys` and `/v1/soft` of one node. An error is `{"error": "…", "hint": "…"}` with a fitting status.
class RingApi {
 public:
  RingApi(RingPort& port, KeysPort& keys) : port_(port), keys_(keys), soft_(keys) {}
  /// `done` is called once, perhaps later.
  void handle(const Request& request, std::function<void(Response)> done);

 private:
  [[nodiscard]] Response ring() const;
  [[nodiscard]] Response nodes() const;
  void stats(std::function<void(Response)> done);
  void labelled(const std::string& label, std::function<void(Response)> done);
  void route(const std::string& query, std::function<void(Response)> done);

  RingPort& port_;
  KeysApi keys_;
  SoftApi soft_;
};

}  // namespace dart::api
