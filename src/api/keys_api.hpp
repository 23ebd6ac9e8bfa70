#pragma once

#include <functional>
#include <string>

#include "api/exchange.hpp"
#include "api/keys_port.hpp"
#include "api/router.hpp"

namespace dart::api {

/// `/v1/keys`: firm records of the ring, read, changed by compare-and-set, listed and watched; `/v1/reform`:
/// what is left of them goes on. An answer that is no record is `{"error": "…", "hint": "…"}`; a change that
/// failed says with which request id it is safe to try again.
class KeysApi {
 public:
  using Done = std::function<void(Response)>;

  explicit KeysApi(KeysPort& port) : port_(port) {}
  /// Lives as long as the router.
  void add_to(Router& router);
  /// `done` is called once, perhaps later.
  void handle(const Request& request, Done done);

 private:
  void list(const std::string& query, const Done& done);
  void change(const Request& request, const std::string& name, const std::string& query, const Done& done);
  void reform(const Request& request, const Done& done);
  void run(directory::Command command, const Done& done);
  void watch(const std::string& name, const Done& done);

  KeysPort& port_;
};

}  // namespace dart::api
