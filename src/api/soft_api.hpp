#pragma once

#include <functional>
#include <string>

#include "api/exchange.hpp"
#include "api/keys_port.hpp"

namespace dart::api {

/// `/v1/soft/NAME`: records that live for a while and of which the newest version wins. An answer that is no
/// record is `{"error": "…", "hint": "…"}`.
class SoftApi {
 public:
  using Done = std::function<void(Response)>;

  explicit SoftApi(KeysPort& port) : port_(port) {}
  /// Whether a path belongs here.
  [[nodiscard]] static bool serves(const std::string& path);
  /// `done` is called once, perhaps later.
  void handle(const Request& request, Done done);

 private:
  KeysPort& port_;
};

}  // namespace dart::api
