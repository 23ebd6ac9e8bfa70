#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "api/exchange.hpp"
#include "base/result.hpp"

namespace dart::api {

/// A connection to a node's API, blocking. An Error when nobody answers, or not in time; statuses of the
/// server are in the Response.
class HttpClient {
 public:
  /// `server` is "address:port"; `authorization` is shown with every request, if there is one.
  [[nodiscard]] static Result<HttpClient> connect(const std::string& server, std::int64_t timeout_s,
                                                  const std::string& authorization = {});
  HttpClient(HttpClient&& other) noexcept
      : server_(std::move(other.server_)),
        authorization_(std::move(other.authorization_)),
        fd_(std::exchange(other.fd_, -1)),
        unread_(std::move(other.unread_)) {}
  HttpClient& operator=(HttpClient&& other) noexcept;
  ~HttpClient();

  /// One after the other; a broken connection stays broken.
  [[nodiscard]] Result<Response> ask(const Request& request);
  /// Gives each line of a stream of events to `take`, until that says false. An answer that is no stream is
  /// given back; a stream that the server ends is an Error.
  [[nodiscard]] Result<Response> stream(const std::string& target,
                                        const std::function<bool(std::string_view)>& take);

 private:
  struct Header;

  HttpClient(std::string server, std::string authorization, int fd)
      : server_(std::move(server)), authorization_(std::move(authorization)), fd_(fd) {}
  [[nodiscard]] Status send(const Request& request);
  [[nodiscard]] Result<Header> read_header();
  [[nodiscard]] Result<Response> read_body(const Header& header);
  /// Reads more into `unread_`.
  [[nodiscard]] Status read_more();

  std::string server_;
  std::string authorization_;
  int fd_ = -1;
  std::string unread_;
};

/// One request on a connection of its own, with its authorization.
[[nodiscard]] Result<Response> http_ask(const std::string& server, const Request& request,
                                        std::int64_t timeout_s);
[[nodiscard]] Result<Response> http_get(const std::string& server, const std::string& target,
                                        std::int64_t timeout_s);

/// Words as they may stand in a path or a query.
[[nodiscard]] std::string percent_encoded(const std::string& words);

}  // namespace dart::api
