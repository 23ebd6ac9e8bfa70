#include "api/http_server.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
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
/// Of these, so many may be streams, so that there is always room for a question.
constexpr std::size_t kStreams = 32;
constexpr std::size_t kHeaderBytes = 8U << 10;
/// A value of 64 KiB as JSON, each byte written as \uXXXX, and the rest.
constexpr std::size_t kBodyBytes = 512U << 10;
/// Events that wait for a slow client.
constexpr std::size_t kWaitingBytes = 1U << 20;
/// Read and thrown away after a refusal, so that the client gets to read why.
constexpr std::size_t kDrainedBytes = 4U << 20;
constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kDrainPatience = std::chrono::seconds(2);
/// Between two signs of life of a stream.
constexpr auto kHeartbeat = std::chrono::seconds(5);
constexpr const char* kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr const char* kStreamHeader =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "Connection: close\r\n\r\n";

bool names_loopback(std::string_view host) {
  if (const auto colon = host.rfind(':'); colon != std::string_view::npos && host.back() != ']') {
    host = host.substr(0, colon);
  }
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

/// Whether the page that a browser sends this for is one of this machine, or there is none.
bool from_here(std::string_view origin) {
  const auto scheme = origin.find("://");
  return origin.empty() || (scheme != std::string_view::npos && names_loopback(origin.substr(scheme + 3)));
}

std::string_view view_of(const beast::string_view& text) { return {text.data(), text.size()}; }

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
  void accept();
  void close();

 private:
  class Session;

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
  std::set<Session*> streams_;
  bool closed_ = false;
};

/// One connection: a request after the other, until one asks for a stream.
class HttpServer::Impl::Session final : public EventSink, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Impl> server, tcp::socket socket)
      : server_(std::move(server)), stream_(std::move(socket)), heartbeat_(stream_.get_executor()) {
    ++server_->sessions_;
  }
  ~Session() override {
    --server_->sessions_;
    server_->streams_.erase(this);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    parser_->body_limit(kBodyBytes);
    stream_.expires_after(kPatience);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              if (self->refused(error)) return;
                              const auto& header = self->parser_->get();
                              if (beast::iequals(header[http::field::expect], "100-continue")) {
                                return self->promise_to_read();
                              }
                              self->read_body();
                            });
  }

  void send(const std::string& event) override {
    if (!streaming_) return;
    if (waiting_.size() + event.size() > kWaitingBytes) return end();
    waiting_ += event;
    write_waiting();
  }

  /// Of a stream: its client learns it from the end of the connection.
  void end() override {
    streaming_ = false;
    subscription_.reset();
    server_->streams_.erase(this);
    heartbeat_.cancel();
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.cancel();
  }

 private:
  void promise_to_read() {
    asio::async_write(stream_, asio::buffer(kContinue, std::char_traits<char>::length(kContinue)),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (!error && !self->server_->closed_) self->read_body();
                      });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       if (!self->refused(error)) self->answer();
                     });
  }

  /// Whether a request ended before it was read.
  bool refused(const error_code& error) {
    if (!error && !server_->closed_) return false;
    if (server_->closed_) return true;
    cut_off_ = true;
    if (error == http::error::body_limit) {
      write({413, fmt::format(R"({{"error": "a request has at most {} bytes"}})", kBodyBytes)});
    } else if (error == http::error::header_limit) {
      write({431, fmt::format(R"({{"error": "a header has at most {} bytes"}})", kHeaderBytes)});
    }
    return true;
  }

  void answer() {
    auto& request = parser_->get();
    stream_.expires_never();
    const auto reply = [self = shared_from_this()](const Response& response) { self->write(response); };
    if (!names_loopback(view_of(request[http::field::host]))) {
      return reply({403, R"({"error": "this address is for this machine only"})"});
    }
    if (!from_here(view_of(request[http::field::origin]))) {
      return reply({403, R"({"error": "pages of other places may not ask here"})"});
    }
    server_->handler_(
        {std::string(request.method_string()), std::string(request.target()), std::move(request.body())},
        reply);
  }

  void write(const Response& response) {
    if (response.events) return begin_stream(response);
    reply_ = {};
    reply_.result(response.status);
    reply_.version(parser_->get().version());
    reply_.keep_alive(parser_->get().keep_alive() && !cut_off_);
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
      self->stream_.expires_after(kDrainPatience);
      if (self->cut_off_) self->drain(0);
    });
  }

  void drain(std::size_t done) {
    stream_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this(), done](const error_code& error, std::size_t bytes) {
                              if (!error && done < kDrainedBytes) self->drain(done + bytes);
                            });
  }

  void begin_stream(const Response& response) {
    if (server_->closed_) return;
    if (server_->streams_.size() >= kStreams) {
      return write({503, R"({"error": "too many streams are open", "hint": "close one"})"});
    }
    server_->streams_.insert(this);
    streaming_ = true;
    stream_.expires_never();
    watch_client();
    waiting_ = kStreamHeader;
    write_waiting();
    beat();
    auto subscription = response.events(weak_from_this());
    if (streaming_) subscription_ = std::move(subscription);
  }

  /// A client has nothing more to say; but when it goes, this is how it is heard.
  void watch_client() {
    stream_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              if (error) return self->end();
                              self->watch_client();
                            });
  }

  void beat() {
    heartbeat_.expires_after(kHeartbeat);
    heartbeat_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error || !self->streaming_) return;
      self->send(": \n\n");
      self->beat();
    });
  }

  void write_waiting() {
    if (!written_.empty()) return;
    written_.swap(waiting_);
    stream_.expires_after(kPatience);  // of the write: the read that is under way keeps its own
    asio::async_write(stream_, asio::buffer(written_),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (error) return self->end();
                        self->written_.clear();
                        if (!self->waiting_.empty()) self->write_waiting();
                      });
  }

  std::shared_ptr<Impl> server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> reply_;
  bool cut_off_ = false;  // what the client sends is not understood any more
  std::array<char, 4096> scrap_{};

  // Of a stream.
  bool streaming_ = false;
  std::shared_ptr<void> subscription_;
  std::string waiting_;
  std::string written_;  // under way
  asio::steady_timer heartbeat_;
};

void HttpServer::Impl::accept() {
  listener_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    if (self->closed_) return;
    if (error) return self->accept_later();
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    // One more than allowed is closed at once.
    if (self->sessions_ < kSessions) std::make_shared<Session>(self, std::move(socket))->read();
    self->accept();
  });
}

void HttpServer::Impl::close() {
  closed_ = true;
  error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
  while (!streams_.empty()) (*streams_.begin())->end();
}

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
