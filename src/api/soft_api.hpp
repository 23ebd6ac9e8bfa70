#pragma once

#include <functional>
#include <string>

#include "api/exchange.hpp"
#include "api/keys_port.hpp"
#include "api/router.hpp"

namespace dart::api {

/// `/v1/soft/NAME`: records that live for a while and of which the newest version wins. An answer that is no
/// record is `{"error": "…", "hint": "…"}`.
class SoftApi {
 public:
  using Done = std::function<void(Response)>;

  explicit SoftApi(KeysPort& port) : port_(port) {}
  /// Lives as long as the router.
  void add_to(Router& router);
  /// `done` is called once, perhaps later.
  void handle(const Request& request, Done done);

 private:
  KeysPort& port_;
};

}  // namespace dart::api
