#include "unit/ring/hostile_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "overlay/framing/frame.hpp"
#include "overlay/framing/hello.hpp"
#include "runtime/ring/node_store.hpp"

namespace dart::test {

using overlay::framing::Channel;
using overlay::framing::Frame;
using overlay::framing::FrameType;

HostilePeer::HostilePeer(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{10, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  // Gone at once when closed, so that thousands of connections do not use up the ports.
  const linger none{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd_);
    fd_ = -1;
  }
}

HostilePeer::~HostilePeer() {
  if (fd_ >= 0) close(fd_);
}

bool HostilePeer::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HostilePeer::greet(const std::string& ring) const {
  overlay::framing::Hello hello;
  if (!runtime::parse_hex(ring, hello.ring.data(), hello.ring.size())) return false;
  hello.host.fill(0x66);
  hello.boot = static_cast<std::uint64_t>(getpid());
  hello.endpoint = "127.0.0.1:9";
  std::string bytes;
  overlay::framing::append_frame(bytes, FrameType::Hello, Channel::Upkeep, encode_hello(hello));
  if (!send(bytes)) return false;
  overlay::framing::FrameDecoder decoder;
  std::optional<overlay::framing::Hello> theirs;
  std::array<char, 4096> block;
  while (!theirs) {
    const ssize_t got = recv(fd_, block.data(), block.size(), 0);
    if (got <= 0) return false;
    decoder.feed({block.data(), static_cast<std::size_t>(got)}, [&](const Frame& frame) {
      if (frame.type == FrameType::Hello) theirs = overlay::framing::decode_hello(frame.payload);
      return true;
    });
  }
  bytes.clear();
  const auto& nonce = theirs->nonce;
  overlay::framing::append_frame(bytes, FrameType::Ready, Channel::Upkeep,
                                 {reinterpret_cast<const char*>(nonce.data()), nonce.size()});
  return send(bytes);
}

bool HostilePeer::wait_closed() const {
  std::array<char, 4096> block;
  while (true) {
    const ssize_t got = recv(fd_, block.data(), block.size(), 0);
    if (got == 0) return true;
    if (got < 0) return errno == ECONNRESET;
  }
}

}  // namespace dart::test
