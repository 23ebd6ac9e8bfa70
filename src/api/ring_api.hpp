#pragma once

#include <string>

#include "api/exchange.hpp"
#include "api/ring_port.hpp"
#include "api/router.hpp"

namespace dart::api {

/// `/v1/ring` (`?stats=1`: of the whole ring), `/v1/nodes` (`?label=k=v`: those) and `/v1/route?key=…` of one
/// node.
class RingApi {
 public:
  explicit RingApi(RingPort& port) : port_(port) {}
  /// Lives as long as the router.
  void add_to(Router& router);

 private:
  using Done = Route::Done;
  [[nodiscard]] Response ring() const;
  [[nodiscard]] Response nodes() const;
  void stats(const Done& done);
  void labelled(const std::string& label, const Done& done);
  void route(const std::string& query, const Done& done);

  RingPort& port_;
};

}  // namespace dart::api
