#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>

#include "overlay/framing/frame.hpp"
#include "runtime/net/endpoint.hpp"
#include "runtime/net/identity.hpp"
#include "runtime/net/net_counters.hpp"

namespace dart::runtime {

/// A socket with TLS (or without) below and frames above. Knows nothing of peers and handshakes: its owner
/// does. Bytes are read into a buffer that all connections of an owner share, and a TLS session is made when
/// the first byte comes, so a silent connection costs next to nothing. Kept alive by its own pending
/// operations; after `close` it says nothing more.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  enum class End : std::uint8_t {
    Closed,           ///< the other side closed it, or the network broke it
    Refused,          ///< dialling: nobody listens there
    Failed,           ///< dialling: anything else
    Unauthenticated,  ///< TLS failed
    BadFrame,         ///< `fault` says why
  };

  class Owner {
   public:
    virtual ~Owner() = default;
    /// Connected and, with TLS, proven: frames can be written.
    virtual void on_open(Connection& connection) = 0;
    /// False: the owner has closed it.
    virtual bool on_frame(Connection& connection, const overlay::framing::Frame& frame) = 0;
    /// Everything handed to `write` is in the kernel.
    virtual void on_written(Connection& connection) = 0;
    /// The last call; the socket is closed.
    virtual void on_end(Connection& connection, End end, overlay::framing::FrameFault fault) = 0;
    virtual std::span<char> read_buffer() = 0;
    virtual std::string& plain_buffer() = 0;
    virtual NetCounters& counters() = 0;
  };

  Connection(Socket socket, Owner& owner, const HostIdentity& identity);

  void start_accepted();
  void start_dialled(const Endpoint& to);
  /// Frames in order; with TLS they are encrypted here.
  void write(std::vector<std::string> blocks);
  /// At once, and silently.
  void close();

  [[nodiscard]] bool closed() const { return owner_ == nullptr; }
  [[nodiscard]] bool writing() const { return !writing_.empty() || !waiting_.empty(); }
  [[nodiscard]] bool dialled() const { return dialled_; }
  /// Dialled, and the other machine has not answered yet.
  [[nodiscard]] bool connecting() const { return connecting_; }
  /// What TLS proved; null without TLS or before that.
  [[nodiscard]] const HostProof* proof() const;
  void set_frame_limit(std::size_t bytes) { decoder_.set_limit(bytes); }

 private:
  void wait_readable();
  void on_readable(const boost::system::error_code& error);
  void take(std::string_view bytes);
  void take_plain(std::string_view bytes);
  void write_raw(std::string bytes);
  void start_write();
  void on_write_done(const boost::system::error_code& error, std::size_t bytes);
  void end(End why, overlay::framing::FrameFault fault = overlay::framing::FrameFault::None);

  Socket socket_;
  Owner* owner_;
  const HostIdentity& identity_;
  std::unique_ptr<TlsSession> tls_;
  overlay::framing::FrameDecoder decoder_;
  std::vector<std::string> writing_;  // in the kernel's hands
  std::vector<std::string> waiting_;  // for the next write
  bool dialled_ = false;
  bool connecting_ = false;
  bool open_ = false;
};

}  // namespace dart::runtime
