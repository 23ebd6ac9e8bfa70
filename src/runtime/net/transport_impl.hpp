#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "runtime/net/connection.hpp"
#include "runtime/net/send_queue.hpp"
#include "runtime/net/transport.hpp"

namespace dart::runtime {

struct TransportPeer;

/// A connection and how far its greeting has come.
class Link final : public Connection {
 public:
  using Connection::Connection;

  enum class Stage : std::uint8_t {
    Greeting,  ///< waits for Hello
    Proving,   ///< waits for Ready
    Up,
    Leaving,  ///< given up by a tie-break or a goodbye: what still comes is taken, nothing is sent
  };
  Stage stage = Stage::Greeting;
  std::chrono::steady_clock::time_point since;  ///< when it was started, then when it came up
  std::chrono::steady_clock::time_point used;
  overlay::framing::HelloNonce nonce{};
  overlay::framing::Hello remote;
  Endpoint remote_endpoint;
  std::shared_ptr<TransportPeer> peer;                   ///< dialled: whom; accepted: known once up
  bool said_goodbye = false;                             ///< the other side did
  std::list<std::shared_ptr<Link>>::iterator unproven;   ///< its place in that list until it is up
  boost::unordered_flat_map<std::uint32_t, NodeId> ids;  ///< of the nodes there, by index
};

/// Another host: frames that wait for it, and the connection that takes them.
struct TransportPeer {
  std::vector<Endpoint> endpoints;  ///< under which it is known here; the first is dialled
  SendQueue queue;
  std::shared_ptr<Link> link;      ///< up
  std::shared_ptr<Link> dialling;  ///< not yet
  std::chrono::steady_clock::time_point retry_at;
  std::chrono::steady_clock::time_point used;
  Duration backoff{};
  bool dirty = false;
};

class Transport::Impl final : public Connection::Owner, public std::enable_shared_from_this<Transport::Impl> {
 public:
  using Clock = std::chrono::steady_clock;
  using Peer = TransportPeer;
  using PeerPtr = std::shared_ptr<Peer>;
  using LinkPtr = std::shared_ptr<Link>;
  using End = Connection::End;

  Impl(boost::asio::io_context& loop, TransportSettings settings, TransportEvents& events);

  [[nodiscard]] Status listen();
  template <class Append>
  void put(const Endpoint& to, Channel channel, std::size_t size, Append&& append);
  void close();
  [[nodiscard]] bool idle() const;
  [[nodiscard]] bool failing(const Endpoint& to) const;

  void on_open(Connection& connection) override;
  bool on_frame(Connection& connection, const overlay::framing::Frame& frame) override;
  void on_written(Connection& connection) override;
  void on_end(Connection& connection, End end, overlay::framing::FrameFault fault) override;
  std::span<char> read_buffer() override { return read_buffer_; }
  std::string& plain_buffer() override { return plain_buffer_; }
  NetCounters& counters() override { return counters_; }

  std::vector<Endpoint> self;
  RingId ring{};
  std::size_t links_up = 0;

 private:
  using Frame = overlay::framing::Frame;
  using Hello = overlay::framing::Hello;
  using RefuseReason = overlay::framing::RefuseReason;

  void accept(std::size_t listener);
  void add_unproven(const LinkPtr& link);
  void remove_unproven(const LinkPtr& link);

  PeerPtr peer_at(const Endpoint& endpoint);
  bool make_room();
  void dial(const PeerPtr& peer);
  void dial_failed(const PeerPtr& peer, bool refused);
  void mark_dirty(const PeerPtr& peer);
  void flush();
  void flush(Peer& peer);

  void greet(Link& link);
  bool on_hello(Link& link, const Frame& frame);
  bool on_ready(Link& link, const Frame& frame);
  bool on_refuse(Link& link, const Frame& frame);
  bool on_up_frame(Link& link, const Frame& frame);
  bool on_message(Link& link, const Frame& frame);
  /// Why this greeting cannot be accepted.
  [[nodiscard]] std::optional<RefuseReason> objection(const Link& link, const Hello& hello) const;
  bool refuse(Link& link, RefuseReason reason);
  void come_up(Link& link);
  void attach(const LinkPtr& link, const PeerPtr& peer);
  void retire(Link& link);
  void finish(Link& link);
  void lost(Link& link, const PeerPtr& peer);
  void sweep();
  void arm_sweep();

  boost::asio::io_context& loop_;
  TransportSettings settings_;
  TransportEvents& events_;
  std::uint64_t boot_;
  NetCounters counters_;
  std::vector<boost::asio::ip::tcp::acceptor> listeners_;
  boost::unordered_flat_map<Endpoint, PeerPtr, EndpointHash> peers_;
  std::list<LinkPtr> unproven_;  // in neither direction up yet, oldest first
  std::size_t accepted_unproven_ = 0;
  std::list<LinkPtr> up_;  // up, or leaving
  std::vector<PeerPtr> dirty_;
  bool flush_posted_ = false;
  bool closed_ = false;
  boost::asio::steady_timer sweep_timer_;
  std::vector<char> read_buffer_;
  std::string plain_buffer_;

  friend class Transport;
};

}  // namespace dart::runtime
