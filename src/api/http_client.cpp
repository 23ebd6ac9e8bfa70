#include "api/http_client.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

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
    if (::connect(socket.fd, one->ai_addr, one->ai_addrlen) == 0) return std::exchange(socket.fd, -1);
    reason = errno;
  }
  return no_answer(server, std::strerror(reason));
}

}  // namespace

Result<Response> http_get(const std::string& server, const std::string& target, std::int64_t timeout_s) {
  DART_TRY(const int fd, connect_to(server, timeout_s));
  const Closer socket{fd};
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return no_answer(server, std::strerror(errno));
  }
  std::string answer;
  char block[16384];
  while (true) {
    const ssize_t got = ::recv(fd, block, sizeof block, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return no_answer(server, errno == EAGAIN ? "timed out" : std::strerror(errno));
    if (got == 0) break;
    answer.append(block, static_cast<std::size_t>(got));
    if (answer.size() > kAnswerBytes) return no_answer(server, "too long an answer");
  }
  const auto body = answer.find("\r\n\r\n");
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  Response response;
  if (body == std::string::npos || !answer.starts_with(kVersion) ||
      std::from_chars(answer.data() + kVersion.size(), answer.data() + answer.size(), response.status).ec !=
          std::errc()) {
    return no_answer(server, "that is no HTTP");
  }
  response.body = answer.substr(body + 4);
  return response;
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
