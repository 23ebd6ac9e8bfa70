#include "api/router.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/query.hpp"

namespace dart::api {

namespace {

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// What stands for the {…} of the pattern; nothing when the path does not fit.
std::optional<std::vector<std::string_view>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string_view> arguments;
  while (true) {
    const auto pattern_end = pattern.find('/');
    const std::string_view part = pattern.substr(0, pattern_end);
    if (part.ends_with("*}")) {
      if (path.empty()) return std::nullopt;
      arguments.push_back(path);
      return arguments;
    }
    const auto path_end = path.find('/');
    const std::string_view given = path.substr(0, path_end);
    if (part.starts_with('{') ? given.empty() : given != part) return std::nullopt;
    if (part.starts_with('{')) arguments.push_back(given);
    const bool last = pattern_end == std::string_view::npos;
    if (last != (path_end == std::string_view::npos)) return std::nullopt;
    if (last) return arguments;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

}  // namespace

Router::Found Router::find(const Request& request) const {
  Found found;
  const std::string_view path = path_of(request.target);
  for (const Route& route : routes_) {
    auto arguments = match(route.path, path);
    if (!arguments) continue;
    if (route.method == request.method) {
      if (found.route == nullptr) found = {&route, *std::move(arguments), std::move(found.allowed)};
    }
    if (!found.allowed.empty()) found.allowed += ", ";
    found.allowed += route.method;
  }
  return found;
}

std::optional<Response> Router::refusal(const Request& request, const Found& found) const {
  const Role needed = found.route != nullptr ? found.route->role : Role::Viewer;
  if (tokens_ != nullptr && needed != Role::Anyone) {
    const auto role = tokens_->role_of(request.authorization);
    if (!role) {
      auto response = error_response(401, "a token of this node is needed",
                                     "give --token or DART_TOKEN; over HTTP: Authorization: Bearer TOKEN");
      response.headers.emplace_back("WWW-Authenticate", "Bearer");
      return response;
    }
    if (*role < needed) {
      return error_response(
          403, fmt::format("this needs the role {}, the token has {}", name_of(needed), name_of(*role)));
    }
  }
  if (found.route != nullptr) return std::nullopt;
  const std::string path(path_of(request.target));
  if (found.allowed.empty()) {
    return error_response(404, "there is no " + path, "/v1/openapi.json lists what there is");
  }
  auto response = error_response(405, fmt::format("{} takes {} only", path, found.allowed));
  response.headers.emplace_back("Allow", found.allowed);
  return response;
}

std::optional<Response> Router::refusal(const Request& request) const {
  return refusal(request, find(request));
}

void Router::handle(const Request& request, const Route::Done& done) const {
  const Found found = find(request);
  if (auto refused = refusal(request, found)) return done(*std::move(refused));
  const auto mark = request.target.find('?');
  Call call{request, {}, mark == std::string::npos ? "" : request.target.substr(mark + 1)};
  for (const auto argument : found.arguments) call.arguments.push_back(percent_decoded(argument));
  found.route->handle(call, done);
}

}  // namespace dart::api
