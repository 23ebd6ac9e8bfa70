#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "overlay/framing/frame.hpp"
#include "overlay/framing/hello.hpp"
#include "runtime/net/endpoint.hpp"
#include "runtime/net/identity.hpp"
#include "runtime/net/net_counters.hpp"

namespace boost::asio {
class io_context;
}

namespace dart::runtime {

using overlay::framing::Channel;
using overlay::framing::RingId;

struct TransportSettings {
  std::shared_ptr<const HostIdentity> identity;
  std::vector<Endpoint> listen;  ///< port 0: any free one
  /// What others are told, in order of preference, port 0 being that of the first listener; empty: `listen`.
  std::vector<Endpoint> advertise;
  Duration dial_timeout{1'000'000};
  Duration handshake_timeout{5'000'000};
  Duration idle_close{120'000'000};  ///< a connection without a frame for so long is closed with a goodbye
  Duration longest_backoff{1'000'000};
};

/// What became of a message that came in.
enum class Intake : std::uint8_t { Taken, Malformed, NoSuchNode };

/// What a Transport tells its owner, on the loop's thread and never from inside a call to it.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;
  /// `from` is the id that the connection proves (with TLS), `peer` what its host calls its endpoint.
  virtual Intake on_message(const NodeId& from, const Endpoint& peer, Channel channel,
                            std::string_view body) = 0;
  /// The host at `peer` answered that this node does not live there.
  virtual void on_no_such_node(const Endpoint& peer, const NodeId& node) = 0;
  /// A connection could not be made. `refused`: its machine answered that nobody listens.
  virtual void on_unreachable(const Endpoint& peer, bool refused) = 0;
  /// This host had no ring; the host that it called took it into this one.
  virtual void on_ring(const RingId& ring) = 0;
};

/// One host on the network: a listener and one connection to each other host it talks to, shared by all its
/// nodes. Frames wait in bounded queues, one a channel, upkeep first, and all that wait go out in one write.
/// Remote bytes can be wrong in any way: the connection is closed and the reason counted. Lives on one
/// thread, that of its loop.
///
/// When two hosts connect to each other at once, both keep the connection that the host with the smaller key
/// made. A connection that ends without a goodbye is made again at once; when that is refused, the owner
/// hears of it.
class Transport {
 public:
  Transport(boost::asio::io_context& loop, TransportSettings settings, TransportEvents& events);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Opens the listeners. The Error names the endpoint that is taken.
  [[nodiscard]] Status listen();
  /// What others are told first, and all of it; known after `listen`.
  [[nodiscard]] const Endpoint& endpoint() const;
  [[nodiscard]] const std::vector<Endpoint>& endpoints() const;
  /// Whether the last call to this host failed, and nobody has come through since.
  [[nodiscard]] bool failing(const Endpoint& to) const;
  void set_ring(const RingId& ring);

  /// Sends to the host at `to`, as the node with this index here. Dropped with a counted reason when it
  /// cannot wait.
  void send(const Endpoint& to, Channel channel, std::uint32_t from_index, std::string_view body);
  void send_no_such_node(const Endpoint& to, const NodeId& node);
  /// Says goodbye on every connection and closes them. Nothing is sent or heard afterwards.
  void close();

  [[nodiscard]] const NetCounters& counters() const;
  [[nodiscard]] std::size_t connections() const;
  /// Of frames to this host that the kernel has not taken yet.
  [[nodiscard]] std::size_t waiting_bytes(const Endpoint& to, Channel channel) const;
  /// Whether everything that was sent has been handed to the kernel.
  [[nodiscard]] bool idle() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dart::runtime
