#include "api/http_server.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <map>
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

/// Events that wait for a slow client.
constexpr std::size_t kWaitingBytes = 1U << 20;
/// Read and thrown away after a refusal, so that the client gets to read why.
constexpr std::size_t kDrainedBytes = 4U << 20;
constexpr auto kDrainPatience = std::chrono::seconds(2);
/// Between two signs of life of a stream.
constexpr auto kHeartbeat = std::chrono::seconds(5);
constexpr unsigned kVersion = 11;
constexpr const char* kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr const char* kStreamHeader =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "Connection: close\r\n\r\n: \n\n";

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
  Impl(asio::io_context& loop, HttpServerSettings settings, Service service)
      : settings_(std::move(settings)), service_(std::move(service)), listener_(loop), pause_(loop) {}

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

  HttpServerSettings settings_;
  Service service_;
  tcp::acceptor listener_;
  asio::steady_timer pause_;
  std::size_t sessions_ = 0;
  std::set<Session*> streams_;
  std::map<std::string, std::size_t> streams_of_;  // by client
  bool closed_ = false;
};

/// One connection: a request after the other, until one asks for a stream.
class HttpServer::Impl::Session final : public EventSink, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Impl> server, tcp::socket socket)
      : server_(std::move(server)),
        stream_(std::move(socket)),
        deadline_(stream_.get_executor()),
        heartbeat_(stream_.get_executor()) {
    ++server_->sessions_;
    error_code ignored;
    client_ = stream_.socket().remote_endpoint(ignored).address().to_string();
  }
  ~Session() override {
    --server_->sessions_;
    forget_stream();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->settings_.header_bytes));
    parser_->body_limit(server_->settings_.body_bytes);
    stream_.expires_never();
    wait_for_request();
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              if (!self->failed(error)) self->have_header();
                            });
  }

  void send(const std::string& event) override {
    if (!streaming_) return;
    if (waiting_.size() + event.size() > kWaitingBytes) return drop();
    waiting_ += event;
    write_waiting();
  }

  /// Its client gets what was sent before, then learns it from the end of the connection.
  void end() override {
    if (!streaming_) return;
    stop_streaming();
    if (written_.empty() && waiting_.empty()) drop();
  }

  /// Of a stream: at once.
  void drop() {
    stop_streaming();
    forget_stream();
    waiting_.clear();
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
    stream_.cancel();
  }

 private:
  /// For the whole of a request; a client that is slower is told so.
  void wait_for_request() {
    slow_ = false;
    deadline_.expires_after(server_->settings_.patience);
    deadline_.async_wait([self = shared_from_this(), number = ++waits_](const error_code& error) {
      if (error || number != self->waits_) return;
      self->slow_ = true;
      self->stream_.cancel();
    });
  }

  void have_header() {
    const auto& header = parser_->get();
    request_ = {std::string(header.method_string()),
                std::string(header.target()),
                {},
                std::string(header[http::field::authorization])};
    auto refused = foreign();
    if (!refused) refused = server_->service_.refuse(request_);
    if (refused) {
      stop_waiting();
      cut_off_ = !parser_->is_done();
      return write(*refused);
    }
    if (beast::iequals(header[http::field::expect], "100-continue")) return promise_to_read();
    read_body();
  }

  /// A page of another place that a browser sends this for, or an address that names another place.
  [[nodiscard]] std::optional<Response> foreign() const {
    if (server_->settings_.guarded) return std::nullopt;
    const auto& header = parser_->get();
    if (!names_loopback(view_of(header[http::field::host]))) {
      return error_response(403, "this address is for this machine only");
    }
    if (from_here(view_of(header[http::field::origin]))) return std::nullopt;
    return error_response(403, "pages of other places may not ask here");
  }

  void promise_to_read() {
    asio::async_write(stream_, asio::buffer(kContinue, std::char_traits<char>::length(kContinue)),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (!error && !self->server_->closed_) return self->read_body();
                        self->stop_waiting();
                      });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       if (self->failed(error)) return;
                       self->stop_waiting();
                       self->answer();
                     });
  }

  void stop_waiting() {
    ++waits_;
    deadline_.cancel();
  }

  /// Whether a request ended before it was read; its client is told why.
  bool failed(const error_code& error) {
    if (!error && !server_->closed_) return false;
    stop_waiting();
    if (server_->closed_) return true;
    cut_off_ = true;
    const auto& settings = server_->settings_;
    if (slow_ && parser_->got_some()) {
      write(error_response(408,
                           fmt::format("a request has to be sent within {} ms", settings.patience.count())));
    } else if (error == http::error::body_limit) {
      write(error_response(413, fmt::format("a request has at most {} bytes", settings.body_bytes)));
    } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      write(error_response(431, fmt::format("a header has at most {} bytes", settings.header_bytes)));
    } else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
               error != http::error::end_of_stream && error != http::error::partial_message) {
      write(error_response(400, "that is no HTTP request: " + error.message()));
    }
    return true;
  }

  void answer() {
    request_.body = std::move(parser_->get().body());
    server_->service_.handle(
        request_, [self = shared_from_this()](const Response& response) { self->write(response); });
  }

  void write(const Response& response) {
    if (response.events) return begin_stream(response);
    reply_ = {};
    reply_.result(response.status);
    reply_.version(cut_off_ ? kVersion : parser_->get().version());
    reply_.keep_alive(!cut_off_ && parser_->get().keep_alive());
    reply_.set(http::field::content_type, response.content_type);
    reply_.set(http::field::cache_control, "no-store");
    for (const auto& [name, value] : response.headers) reply_.set(name, value);
    reply_.body() = response.body;
    if (!reply_.body().ends_with('\n')) reply_.body() += '\n';
    reply_.prepare_payload();
    stream_.expires_after(server_->settings_.patience);
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
    const auto& settings = server_->settings_;
    if (server_->streams_.size() >= settings.streams) {
      return write(error_response(503, "too many streams are open", "close one"));
    }
    if (server_->streams_of_[client_] >= settings.streams_per_client) {
      return write(error_response(
          503, fmt::format("a client has {} streams at most", settings.streams_per_client), "close one"));
    }
    server_->streams_.insert(this);
    ++server_->streams_of_[client_];
    streaming_ = true;
    stream_.expires_never();
    watch_client();
    waiting_ = kStreamHeader;
    write_waiting();
    beat();
    auto subscription = response.events(weak_from_this());
    if (streaming_) subscription_ = std::move(subscription);
  }

  void stop_streaming() {
    streaming_ = false;
    subscription_.reset();
    heartbeat_.cancel();
  }

  void forget_stream() {
    if (server_->streams_.erase(this) == 0) return;
    const auto mine = server_->streams_of_.find(client_);
    if (--mine->second == 0) server_->streams_of_.erase(mine);
  }

  /// A client has nothing more to say; but when it goes, this is how it is heard.
  void watch_client() {
    stream_.async_read_some(asio::buffer(scrap_),
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              if (error) return self->drop();
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
    stream_.expires_after(
        server_->settings_.patience);  // of the write: the read that is under way keeps its own
    asio::async_write(stream_, asio::buffer(written_),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (error) return self->drop();
                        self->written_.clear();
                        if (!self->waiting_.empty()) return self->write_waiting();
                        if (!self->streaming_) self->drop();
                      });
  }

  std::shared_ptr<Impl> server_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  Request request_;
  http::response<http::string_body> reply_;
  std::string client_;  // its address
  asio::steady_timer deadline_;
  std::uint64_t waits_ = 0;  // a wait that is over has another number
  bool slow_ = false;
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
    if (self->sessions_ < self->settings_.connections)
      std::make_shared<Session>(self, std::move(socket))->read();
    self->accept();
  });
}

void HttpServer::Impl::close() {
  closed_ = true;
  error_code ignored;
  listener_.close(ignored);
  pause_.cancel();
  while (!streams_.empty()) (*streams_.begin())->drop();
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& loop,
                                                      const HttpServerSettings& settings, Service service) {
  error_code error;
  const auto address = asio::ip::make_address(settings.address, error);
  if (error || (!address.is_loopback() && !settings.guarded)) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("HTTP is served on loopback only, not on {}", settings.address), std::nullopt,
                "give --http 127.0.0.1:PORT, or --tokens FILE so that only those with a token are served");
  }
  const auto impl = std::make_shared<Impl>(loop, settings, std::move(service));
  DART_TRY_STATUS(impl->listen({address, settings.port}));
  impl->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(impl));
}

HttpServer::~HttpServer() { impl_->close(); }

std::uint16_t HttpServer::port() const { return impl_->port(); }

}  // namespace dart::api
