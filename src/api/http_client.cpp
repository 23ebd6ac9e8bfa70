#include "api/http_client.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace dart::api {

namespace {

constexpr std::size_t kAnswerBytes = 16U << 20;

struct Closer {
  int fd = -1;
  ~Closer() {
    if (fd >= 0) ::close(fd);
  }
};

tl::unexpected<Error> no_answer(const std::string& server, const std::string& why) {
  return fail(ErrorCode::Io, fmt::format("no answer from the node at {}: {}", server, why), std::nullopt,
              "is `dart node start` running there? --http says where its API is");
}

Result<int> connect_to(const std::string& server, std::int64_t timeout_s) {
  const auto colon = server.rfind(':');
  if (colon == std::string::npos) {
    return fail(ErrorCode::InvalidArgument, fmt::format("'{}' is no address:port", server));
  }
  std::string host = server.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), server.c_str() + colon + 1, &hints, &found); error != 0) {
    return no_answer(server, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  int reason = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Closer socket{::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol)};
    const timeval patience{timeout_s, 0};
    setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    setsockopt(socket.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.fd, one->ai_addr, one->ai_addrlen) == 0) return std::exchange(socket.fd, -1);
    reason = errno;
  }
  return no_answer(server, std::strerror(reason));
}

}  // namespace

/// What stands in front of a body.
struct HttpClient::Header {
  unsigned status = 0;
  std::size_t length = 0;
  bool events = false;
};

Result<HttpClient> HttpClient::connect(const std::string& server, std::int64_t timeout_s,
                                       const std::string& authorization) {
  DART_TRY(const int fd, connect_to(server, timeout_s));
  return HttpClient(server, authorization, fd);
}

HttpClient& HttpClient::operator=(HttpClient&& other) noexcept {
  std::swap(server_, other.server_);
  std::swap(authorization_, other.authorization_);
  std::swap(fd_, other.fd_);
  std::swap(unread_, other.unread_);
  return *this;
}

HttpClient::~HttpClient() {
  if (fd_ >= 0) ::close(fd_);
}

Status HttpClient::send(const Request& request) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n", request.method, request.target);
  if (!authorization_.empty()) text += fmt::format("Authorization: {}\r\n", authorization_);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", request.body.size());
  }
  text += "\r\n" + request.body;
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // Whoever sends us away says why before the connection ends.
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return {};
    if (sent < 0) return no_answer(server_, errno == EAGAIN ? "timed out" : std::strerror(errno));
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Status HttpClient::read_more() {
  char block[16384];
  while (true) {
    const ssize_t got = ::recv(fd_, block, sizeof block, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return no_answer(server_, errno == EAGAIN ? "timed out" : std::strerror(errno));
    if (got == 0) return no_answer(server_, "it closed the connection");
    unread_.append(block, static_cast<std::size_t>(got));
    if (unread_.size() > kAnswerBytes) return no_answer(server_, "too long an answer");
    return {};
  }
}

Result<HttpClient::Header> HttpClient::read_header() {
  std::size_t end = 0;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos) DART_TRY_STATUS(read_more());
  std::string text = unread_.substr(0, end + 2);
  unread_.erase(0, end + 4);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  constexpr std::string_view kVersion = "http/1.1 ";
  constexpr std::string_view kLength = "\r\ncontent-length: ";
  const auto number = [&](std::size_t at, auto& value) {
    return std::from_chars(text.data() + at, text.data() + text.size(), value).ec == std::errc();
  };
  Header header;
  if (!text.starts_with(kVersion) || !number(kVersion.size(), header.status)) {
    return no_answer(server_, "that is no HTTP");
  }
  header.events = text.find("\r\ncontent-type: text/event-stream") != std::string::npos;
  const auto length = text.find(kLength);
  if (length == std::string::npos ? !header.events : !number(length + kLength.size(), header.length)) {
    return no_answer(server_, "that is no HTTP of a node");
  }
  return header;
}

Result<Response> HttpClient::read_body(const Header& header) {
  if (header.length > kAnswerBytes) return no_answer(server_, "too long an answer");
  while (unread_.size() < header.length) DART_TRY_STATUS(read_more());
  Response response{header.status, unread_.substr(0, header.length)};
  unread_.erase(0, header.length);
  return response;
}

Result<Response> HttpClient::ask(const Request& request) {
  DART_TRY_STATUS(send(request));
  DART_TRY(const Header header, read_header());
  return read_body(header);
}

Result<Response> HttpClient::stream(const std::string& target,
                                    const std::function<bool(std::string_view)>& take) {
  DART_TRY_STATUS(send({"GET", target, {}}));
  DART_TRY(const Header header, read_header());
  if (!header.events) return read_body(header);
  while (true) {
    std::size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) DART_TRY_STATUS(read_more());
    const bool more = take(std::string_view(unread_).substr(0, end));
    unread_.erase(0, end + 1);
    if (!more) return Response{header.status, {}};
  }
}

Result<Response> http_ask(const std::string& server, const Request& request, std::int64_t timeout_s) {
  DART_TRY(auto client, HttpClient::connect(server, timeout_s, request.authorization));
  return client.ask(request);
}

Result<Response> http_get(const std::string& server, const std::string& target, std::int64_t timeout_s) {
  return http_ask(server, {"GET", target, {}}, timeout_s);
}

std::string percent_encoded(const std::string& words) {
  std::string out;
  for (const char c : words) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (plain) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

}  // namespace dart::api
