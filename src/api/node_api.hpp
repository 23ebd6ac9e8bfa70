#pragma once

#include <functional>
#include <optional>

#include "api/keys_api.hpp"
#include "api/queries_api.hpp"
#include "api/ring_api.hpp"
#include "api/router.hpp"
#include "api/soft_api.hpp"

namespace dart::api {

/// All that a node serves over HTTP. An error is `{"error": "…", "hint": "…"}` with a fitting status.
class NodeApi {
 public:
  /// `tokens` null: whoever reaches this node
  /// may do anything.
  NodeApi(RingPort& ring, KeysPort& keys, QueriesPort& queries, const Tokens* tokens = nullptr);
  NodeApi(const NodeApi&) = delete;
  NodeApi& operator=(const NodeApi&) = delete;

  /// Why a request will not be served, from its first lines alone.
  [[nodiscard]] std::optional<Response> refusal(const Request& head) const { return router_.refusal(head); }
  /// `done` is called once, perhaps later.
  void handle(const Request& request, const std::function<void(Response)>& done) const {
    router_.handle(request, done);
  }
  [[nodiscard]] const std::vector<Route>& routes() const { return router_.routes(); }

 private:
  RingApi ring_;
  KeysApi keys_;
  SoftApi soft_;
  QueriesApi queries_;
  Router router_;
};

}  // namespace dart::api
