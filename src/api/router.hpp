#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/exchange.hpp"
#include "api/role.hpp"
#include "api/tokens.hpp"

namespace dart::api {

/// A request that found its route.
struct Call {
  const Request& request;
  std::vector<std::string> arguments;  ///< what stands for the {…} of the path, with %XX decoded
  std::string query;                   ///< behind the question mark
};

/// One thing that can be asked for: the API is the list of these, and docs/openapi.json describes the same.
struct Route {
  using Done = std::function<void(Response)>;

  std::string_view method;
  /// "/v1/queries/{name}"; a last part {name*} takes the rest of the path, slashes too.
  std::string_view path;
  Role role = Role::Viewer;
  std::vector<std::string_view> fields = {};  ///< of the query
  std::vector<unsigned> statuses = {};        ///< of answers, beside those that any request can get
  /// `done` is called once, perhaps later; the Call is gone then.
  std::function<void(const Call&, const Done& done)> handle;
};

/// Finds the route of a request, and says no when there is none or its client may not take it.
class Router {
 public:
  /// Null: whoever reaches this node may do anything.
  explicit Router(const Tokens* tokens = nullptr) : tokens_(tokens) {}

  void add(Route route) { routes_.push_back(std::move(route)); }
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  /// Why a request will not be served, from its first lines alone; nothing: it will be.
  [[nodiscard]] std::optional<Response> refusal(const Request& request) const;
  /// Serves it, or says why not. `done` is called once, perhaps later.
  void handle(const Request& request, const Route::Done& done) const;

 private:
  struct Found {
    const Route* route = nullptr;
    std::vector<std::string_view> arguments;
    std::string allowed;  ///< methods of the path, if it is one
  };

  [[nodiscard]] Found find(const Request& request) const;
  [[nodiscard]] std::optional<Response> refusal(const Request& request, const Found& found) const;

  const Tokens* tokens_;
  std::vector<Route> routes_;
};

}  // namespace dart::api
