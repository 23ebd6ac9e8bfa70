#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "api/exchange.hpp"
#include "base/result.hpp"

namespace boost::asio {
class io_context;
}

namespace dart::api {

/// Serves a handler over HTTP/1.1 on a loopback address, on the thread of the loop. Connections, requests,
/// streams and times are bounded; a request whose Host, or Origin, is not this machine is refused, so that no
/// web page reaches it through a name.
class HttpServer {
 public:
  using Handler = std::function<void(const Request&, std::function<void(Response)>)>;

  /// Port 0: any free one. The Error says that the address is taken, or not on loopback.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& loop,
                                                                 const std::string& address,
                                                                 std::uint16_t port, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
};

}  // namespace dart::api
