#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dart::test {

/// A plain TCP socket that says to a node whatever a test likes. Blocking, with a patience of some seconds.
class HostilePeer {
 public:
  /// `endpoint`: "127.0.0.1:port".
  explicit HostilePeer(const std::string& endpoint);
  ~HostilePeer();
  HostilePeer(const HostilePeer&) = delete;
  HostilePeer& operator=(const HostilePeer&) = delete;

  [[nodiscard]] bool connected() const { return fd_ >= 0; }
  /// False once the node has closed the connection.
  bool send(std::string_view bytes) const;
  /// Goes through the greeting of a node without TLS, as a member of the ring with this id (32 hexadecimal
  /// digits).
  [[nodiscard]] bool greet(const std::string& ring) const;
  /// Waits until the node closes the connection.
  [[nodiscard]] bool wait_closed() const;

 private:
  int fd_ = -1;
};

}  // namespace dart::test
