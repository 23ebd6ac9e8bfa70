#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/exchange.hpp"
#include "base/result.hpp"

namespace boost::asio {
class io_context;
}

namespace dart::api {

struct HttpServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  /// Every request needs a token: only then may others than this machine be served.
  bool guarded = false;
  std::size_t connections = 256;
  /// Of the connections, so many may be streams, so that there is always room for a question.
  std::size_t streams = 128;
  std::size_t streams_per_client = 64;  ///< a client is an address
  std::size_t header_bytes = 8U << 10;
  /// A file of SQL of 1 MiB as JSON, with room for what has to be escaped.
  std::size_t body_bytes = 2U << 20;
  /// For a client to send its whole request, or to take its answer.
  std::chrono::milliseconds patience{30'000};
};

/// Serves a handler over HTTP/1.1, on the thread of the loop. Connections, requests, streams and times are
/// bounded. Without tokens it is on loopback, and a request whose Host, or Origin, is not this machine is
/// refused, so that no web page reaches it through a name.
class HttpServer {
 public:
  struct Service {
    /// Why a request is not served, asked before its body is read.
    std::function<std::optional<Response>(const Request& head)> refuse;
    std::function<void(const Request&, std::function<void(Response)>)> handle;
  };

  /// The Error says that the address is taken, or not on loopback and not guarded.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& loop,
                                                                 const HttpServerSettings& settings,
                                                                 Service service);
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
