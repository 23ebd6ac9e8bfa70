#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "runtime/net/transport.hpp"

namespace dart::runtime::test {

inline Endpoint loopback(std::uint16_t port = 0) { return Endpoint::ipv4(0x7F000001, port); }

/// A cluster authority that lives as long as the test program.
inline const PemPair& authority() {
  static const PemPair pair = *make_authority("test cluster", 1);
  return pair;
}

inline std::shared_ptr<const HostIdentity> member(const std::string& name, std::uint32_t nodes = 1,
                                                  const PemPair& from = authority()) {
  return *HostIdentity::secure(from.certificate, *make_host_certificate(from, name, nodes, 1));
}

inline std::shared_ptr<const HostIdentity> anybody(std::uint8_t key, std::uint32_t nodes = 1) {
  HostKey bytes{};
  bytes.fill(key);
  return HostIdentity::insecure(bytes, nodes);
}

inline constexpr RingId kRing = {1, 2, 3};

/// A Transport that writes down what it hears.
class TestHost final : public TransportEvents {
 public:
  struct Heard {
    NodeId from;
    Endpoint peer;
    Channel channel;
    std::string body;
  };

  TestHost(boost::asio::io_context& loop, std::shared_ptr<const HostIdentity> identity,
           const RingId& ring = kRing, TransportSettings settings = {})
      : identity_(std::move(identity)) {
    settings.identity = identity_;
    if (settings.listen.empty()) settings.listen = {loopback()};
    transport = std::make_unique<Transport>(loop, settings, *this);
    transport->set_ring(ring);
    const auto listening = transport->listen();
    EXPECT_TRUE(listening) << listening.error().message;
  }

  Intake on_message(const NodeId& from, const Endpoint& peer, Channel channel,
                    std::string_view body) override {
    if (body == "malformed") return Intake::Malformed;
    heard.push_back({from, peer, channel, std::string(body)});
    return Intake::Taken;
  }
  void on_no_such_node(const Endpoint&, const NodeId& node) override { missing.push_back(node); }
  void on_unreachable(const Endpoint& peer, bool refused) override {
    unreachable.emplace_back(peer, refused);
  }
  void on_ring(const RingId& ring) override { adopted.push_back(ring); }

  void send(const TestHost& to, const std::string& body, Channel channel = Channel::Upkeep,
            std::uint32_t index = 0) {
    transport->send(to.endpoint(), channel, index, body);
  }
  [[nodiscard]] const Endpoint& endpoint() const { return transport->endpoint(); }
  [[nodiscard]] const NetCounters& counters() const { return transport->counters(); }
  [[nodiscard]] NodeId id(std::uint32_t index = 0) const { return node_id(identity_->proof().key, index); }

  std::unique_ptr<Transport> transport;
  std::vector<Heard> heard;
  std::vector<NodeId> missing;
  std::vector<std::pair<Endpoint, bool>> unreachable;
  std::vector<RingId> adopted;

 private:
  std::shared_ptr<const HostIdentity> identity_;
};

/// Runs the loop until `done`, ten seconds at most; whether it came true.
template <class Done>
[[nodiscard]] bool run_until(boost::asio::io_context& loop, Done&& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.restart();
    loop.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

/// A plain socket to a host, for those who do not keep to the protocol.
class RawPeer {
 public:
  RawPeer(boost::asio::io_context& loop, const Endpoint& to) : socket_(loop) {
    socket_.connect({boost::asio::ip::make_address_v4("127.0.0.1"), to.port});
    socket_.non_blocking(true);
  }
  void write(std::string_view bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  /// Whether the other side closed it; keeps what came before in `received`.
  bool closed() {
    char block[4096];
    boost::system::error_code error;
    const std::size_t got = socket_.read_some(boost::asio::buffer(block), error);
    received.append(block, got);
    return error && error != boost::asio::error::would_block;
  }
  std::string received;

 private:
  boost::asio::ip::tcp::socket socket_;
};

}  // namespace dart::runtime::test
