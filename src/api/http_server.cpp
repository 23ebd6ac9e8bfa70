#include "api/http_server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace dart::api {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kSessions = 64;
constexpr std::size_t kHeaderBytes = 8U << 10;
constexpr std::size_t kBodyBytes = 64U << 10;
constexpr auto kPatience = std::chrono::seconds(30);

bool names_loopback(std::string_view host) {
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && host.back() != ']') {
    host = host.substr(0, colon);
  }
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<HttpServer::Impl> {
 public:
  Impl(asio::io_context& loop, Handler handler)
      : handler_(std::move(handler)), listener_(loop), pause_(loop) {}

  Status listen(const tcp::endpoint& at) {
    error_code error;
    listener_.open(at.protocol(), error);
    if (!error) listener_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) listener_.bind(at, error);
    if (!error) listener_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    return fail(
        ErrorCode::Io,
        fmt::format("cannot serve HTTP on {}:{}: {}", at.address().to_string(), at.port(), error.message()),
        std::nullopt, "choose another port with --http");
  }
  [[nodiscard]] std::uint16_t port() const { return listener_.local_endpoint().port(); }

  void accept() {
    listener_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
      if (self->closed_) return;
      if (error) return self->accept_later();
      // One more than allowed is closed at once.
      if (self->sessions_ < kSessions) std::make_shared<Session>(self, std::move(socket))->read();
      self->accept();
    });
  }
  void close() {
    closed_ = true;
    error_code ignored;
    listener_.close(ignored);
    pause_.cancel();
  }

 private:
  class Session : public std::enable_shared_from_this<Session> {
   public:
    Session(std::shared_ptr<Impl> server, tcp::socket socket)
        : server_(std::move(server)), stream_(std::move(socket)) {
      ++server_->sessions_;
    }
    ~Session() { --server_->sessions_; }

    void read() {
      parser_.emplace();
      parser_->header_limit(kHeaderBytes);
      parser_->body_limit(kBodyBytes);
      stream_.expires_after(kPatience);
      http::async_read(stream_, buffer_, *parser_,
                       [self = shared_from_this()](const error_code& error, std::size_t) {
                         if (!error && !self->server_->closed_) self->answer();
                       });
    }

   private:
    void answer() {
      const auto& request = parser_->get();
      stream_.expires_never();
      const auto reply = [self = shared_from_this()](const Response& response) { self->write(response); };
      const auto host = request[http::field::host];
      if (!names_loopback({host.data(), host.size()})) {
        return reply({403, R"({"error": "this address is for this machine only"})"});
      }
      server_->handler_({std::string(request.method_string()), std::string(request.target())}, reply);
    }

    void write(const Response& response) {
      reply_ = {};
      reply_.result(response.status);
      reply_.version(parser_->get().version());
      reply_.keep_alive(parser_->get().keep_alive());
      reply_.set(http::field::content_type, "application/json");
      reply_.set(http::field::cache_control, "no-store");
      reply_.body() = response.body + "\n";
      reply_.prepare_payload();
      stream_.expires_after(kPatience);
      http::async_write(stream_, reply_, [self = shared_from_this()](const error_code& error, std::size_t) {
        if (error || self->server_->closed_) return;
        if (self->reply_.keep_alive()) return self->read();
        error_code ignored;
        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
      });
    }

    std::shared_ptr<Impl> server_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> reply_;
  };

  void accept_later() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && !self->closed_) self->accept();
    });
  }

  Handler handler_;
  tcp::acceptor listener_;
  asio::steady_timer pause_;
  std::size_t sessions_ = 0;
  bool closed_ = false;
};

Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& loop, const std::string& address,
                                                      std::uint16_t port, Handler handler) {
  error_code error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error || !parsed.is_loopback()) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("HTTP is served on loopback only, not on {}", address), std::nullopt,
                "give --http 127.0.0.1:PORT");
  }
  const auto impl = std::make_shared<Impl>(loop, std::move(handler));
  DART_TRY_STATUS(impl->listen({parsed, port}));
  impl->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(impl));
}

HttpServer::~HttpServer() { impl_->close(); }

std::uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace dart::api
