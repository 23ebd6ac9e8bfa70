#include "runtime/net/transport.hpp"

#include <gtest/gtest.h>

#include "unit/runtime/net/test_hosts.hpp"

namespace dart::runtime::test {
namespace {

namespace asio = boost::asio;

TEST(Transport, CarriesMessagesBothWaysOverOneProvenConnection) {
  asio::io_context loop;
  TestHost a(loop, member("a"));
  TestHost b(loop, member("b", 8));
  a.send(b, "hello");
  ASSERT_TRUE(run_until(loop, [&] { return b.heard.size() == 1; }));
  EXPECT_EQ(b.heard[0].from, a.id());
  EXPECT_EQ(b.heard[0].peer, a.endpoint());
  EXPECT_EQ(b.heard[0].body, "hello");
  b.send(a, "yes", Channel::Data, 7);
  ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 1; }));
  EXPECT_EQ(a.heard[0].from, b.id(7));
  EXPECT_EQ(a.heard[0].channel, Channel::Data);
  EXPECT_EQ(a.transport->connections(), 1U);
  EXPECT_EQ(b.transport->connections(), 1U);
  EXPECT_EQ(b.counters().dialled, 0U);
  EXPECT_EQ(a.counters().socket_bytes_sent, b.counters().socket_bytes_received);
  EXPECT_GT(a.counters().socket_bytes_sent, 500U) << "certificates cross the socket";
}

TEST(Transport, AHostSpeaksToItselfThroughASocket) {
  asio::io_context loop;
  TestHost a(loop, anybody(1, 4));
  a.transport->send(a.endpoint(), Channel::Upkeep, 3, "me");
  ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 1; }));
  EXPECT_EQ(a.heard[0].from, a.id(3));
  EXPECT_EQ(a.heard[0].peer, a.endpoint());
  EXPECT_GT(a.counters().socket_bytes_received, 0U);
}

TEST(Transport, WhatIsSentInOneTurnGoesOutInOneWriteUpkeepFirst) {
  asio::io_context loop;
  TestHost a(loop, anybody(1));
  TestHost b(loop, anybody(2));
  a.send(b, "first");
  ASSERT_TRUE(run_until(loop, [&] { return b.heard.size() == 1; }));
  const auto writes = a.counters().writes;
  for (int i = 0; i < 100; ++i) a.send(b, "data", Channel::Data);
  a.send(b, "upkeep");
  ASSERT_TRUE(run_until(loop, [&] { return b.heard.size() == 102; }));
  EXPECT_EQ(b.heard[1].body, "upkeep");
  EXPECT_EQ(a.counters().writes, writes + 1);
}

TEST(Transport, TwoHostsThatCallAtOnceKeepOneConnection) {
  for (int round = 0; round < 10; ++round) {
    asio::io_context loop;
    TestHost a(loop, anybody(1));
    TestHost b(loop, anybody(2));
    for (int i = 0; i < 50; ++i) {
      a.send(b, "from a");
      b.send(a, "from b");
    }
    ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 50 && b.heard.size() == 50; }));
    ASSERT_TRUE(
        run_until(loop, [&] { return a.transport->connections() == 1 && b.transport->connections() == 1; }));
    const auto tried = a.counters().dialled + b.counters().dialled;
    for (int i = 0; i < 50; ++i) {
      a.send(b, "again");
      b.send(a, "again");
    }
    ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 100 && b.heard.size() == 100; }));
    EXPECT_EQ(a.counters().dialled + b.counters().dialled, tried);
    EXPECT_EQ(a.counters().lost + b.counters().lost, 0U);
    EXPECT_TRUE(a.unreachable.empty() && b.unreachable.empty());
  }
}

TEST(Transport, ARefusedCallIsReportedAndWhatWaitedIsCounted) {
  asio::io_context loop;
  TestHost a(loop, anybody(1));
  auto gone = std::make_unique<TestHost>(loop, anybody(2));
  const Endpoint nobody = gone->endpoint();
  gone.reset();
  a.transport->send(nobody, Channel::Upkeep, 0, "one");
  a.transport->send(nobody, Channel::Data, 0, "two");
  ASSERT_TRUE(run_until(loop, [&] { return !a.unreachable.empty(); }));
  EXPECT_EQ(a.unreachable[0], std::make_pair(nobody, true));
  EXPECT_EQ(a.counters().of(Drop::Unreachable), 2U);
  a.transport->send(nobody, Channel::Upkeep, 0, "three");
  EXPECT_EQ(a.counters().of(Drop::Backoff), 1U);
}

TEST(Transport, AGoodbyeIsNoLoss) {
  asio::io_context loop;
  TestHost a(loop, anybody(1));
  auto b = std::make_unique<TestHost>(loop, anybody(2));
  a.send(*b, "hello");
  ASSERT_TRUE(run_until(loop, [&] { return b->heard.size() == 1; }));
  b.reset();
  ASSERT_TRUE(run_until(loop, [&] { return a.transport->connections() == 0; }));
  EXPECT_EQ(a.counters().lost, 0U);
  EXPECT_TRUE(a.unreachable.empty());
}

TEST(Transport, StrangersAreRefusedAndCounted) {
  asio::io_context loop;
  const PemPair others = *make_authority("another cluster", 1);
  TestHost a(loop, member("a"));
  TestHost stranger(loop, member("b", 1, others));
  stranger.send(a, "let me in");
  ASSERT_TRUE(run_until(loop, [&] { return !stranger.unreachable.empty(); }));
  ASSERT_TRUE(run_until(loop, [&] {
    return a.counters().of(Refusal::Unauthenticated) + stranger.counters().of(Refusal::Unauthenticated) > 0;
  }));
  EXPECT_TRUE(a.heard.empty());
  EXPECT_EQ(a.transport->connections(), 0U);
  TestHost plain(loop, anybody(1));
  plain.send(a, "let me in");
  ASSERT_TRUE(run_until(loop, [&] { return a.counters().of(Refusal::Unauthenticated) > 0; }));
  EXPECT_TRUE(a.heard.empty());
}

TEST(Transport, RingsDoNotMix) {
  asio::io_context loop;
  TestHost a(loop, anybody(1));
  TestHost other_ring(loop, anybody(2), RingId{9});
  TestHost no_ring(loop, anybody(3), RingId{});
  other_ring.send(a, "hello");
  ASSERT_TRUE(run_until(loop, [&] { return !other_ring.unreachable.empty(); }));
  EXPECT_FALSE(other_ring.unreachable[0].second);
  EXPECT_EQ(a.counters().of(Refusal::WrongRing), 1U);
  a.send(no_ring, "hello");
  ASSERT_TRUE(run_until(loop, [&] { return !a.unreachable.empty(); }));
  EXPECT_EQ(no_ring.counters().of(Refusal::NoRing), 1U);
  no_ring.send(a, "hello");
  ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 1; }));
  ASSERT_EQ(no_ring.adopted.size(), 1U);
  EXPECT_EQ(no_ring.adopted[0], kRing);
}

TEST(Transport, AnIndexBeyondTheCertificateIsDropped) {
  asio::io_context loop;
  TestHost a(loop, member("a"));
  TestHost b(loop, member("b", 2));
  b.send(a, "first", Channel::Upkeep, 1);
  b.send(a, "third", Channel::Upkeep, 2);
  b.send(a, "last", Channel::Upkeep, 0);
  ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 2; }));
  EXPECT_EQ(a.heard[1].body, "last");
  EXPECT_EQ(a.counters().of(Drop::NodeIndex), 1U);
}

TEST(Transport, NoSuchNodeComesBack) {
  asio::io_context loop;
  TestHost a(loop, anybody(1));
  TestHost b(loop, anybody(2));
  a.transport->send_no_such_node(b.endpoint(), NodeId{4, 2});
  ASSERT_TRUE(run_until(loop, [&] { return b.missing.size() == 1; }));
  EXPECT_EQ(b.missing[0], (NodeId{4, 2}));
}

TEST(Transport, AFullQueueDropsAndCounts) {
  asio::io_context loop;
  TestHost a(loop, anybody(1));
  TestHost b(loop, anybody(2));
  const std::string big(limits::kFrameBytes / 2, 'x');
  for (int i = 0; i < 40; ++i) a.send(b, big, Channel::Data);
  EXPECT_GT(a.counters().of(Drop::DataQueueFull), 0U);
  a.send(b, "upkeep still fits");
  EXPECT_EQ(a.counters().of(Drop::UpkeepQueueFull), 0U);
  a.send(b, std::string(limits::kFrameBytes + 1, 'x'));
  EXPECT_EQ(a.counters().of(Drop::TooLong), 1U);
  ASSERT_TRUE(run_until(loop, [&] { return a.transport->idle() && b.heard.size() > 10; }));
  EXPECT_EQ(b.heard[0].body, "upkeep still fits");
}

std::string plain_hello(const Endpoint& mine, const RingId& ring = kRing) {
  overlay::framing::Hello hello;
  hello.ring = ring;
  hello.host.fill(77);
  hello.endpoint = text_of(mine);
  std::string bytes;
  overlay::framing::append_frame(bytes, overlay::framing::FrameType::Hello, Channel::Upkeep,
                                 encode_hello(hello));
  return bytes;
}

/// What `a` counts after a raw peer wrote `bytes` and was thrown out.
std::uint64_t refused_after(const std::string& bytes, Refusal reason) {
  asio::io_context loop;
  TestHost a(loop, anybody(1));
  RawPeer peer(loop, a.endpoint());
  peer.write(bytes);
  EXPECT_TRUE(run_until(loop, [&] { return peer.closed(); }));
  EXPECT_TRUE(a.heard.empty());
  EXPECT_EQ(a.transport->connections(), 0U);
  return a.counters().of(reason);
}

TEST(HostilePeers, AreRefusedWithAReason) {
  EXPECT_EQ(refused_after("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::Version), 1U);
  std::string long_hello;
  overlay::framing::append_frame(long_hello, overlay::framing::FrameType::Hello, Channel::Upkeep,
                                 std::string(limits::kHelloBytes + 1, 'x'));
  EXPECT_EQ(refused_after(long_hello, Refusal::Oversized), 1U);
  std::string message_first;
  overlay::framing::append_message(message_first, Channel::Data, {0, "too early"});
  EXPECT_EQ(refused_after(message_first, Refusal::Malformed), 1U);
  std::string nonsense;
  overlay::framing::append_frame(nonsense, overlay::framing::FrameType::Hello, Channel::Upkeep, "nonsense");
  EXPECT_EQ(refused_after(nonsense, Refusal::Malformed), 1U);
  EXPECT_EQ(refused_after(plain_hello(loopback(9), RingId{7}), Refusal::WrongRing), 1U);
}

TEST(HostilePeers, ARecordedStreamIsWorthNothing) {
  // What another connection carried: a greeting, and the nonce that was asked for there.
  std::string recorded = plain_hello(loopback(9));
  overlay::framing::append_frame(recorded, overlay::framing::FrameType::Ready, Channel::Upkeep,
                                 std::string(16, 'n'));
  overlay::framing::append_message(recorded, Channel::Data, {0, "pay again"});
  EXPECT_EQ(refused_after(recorded, Refusal::Replayed), 1U);
}

TEST(HostilePeers, SilentConnectionsAreLimitedAndTimedOut) {
  asio::io_context loop;
  TransportSettings settings;
  settings.handshake_timeout = {300'000};
  TestHost a(loop, member("a"), kRing, settings);
  std::vector<std::unique_ptr<RawPeer>> silent;
  for (std::size_t i = 0; i < limits::kUnprovenPeers + 10; ++i) {
    silent.push_back(std::make_unique<RawPeer>(loop, a.endpoint()));
  }
  ASSERT_TRUE(run_until(loop, [&] { return a.counters().of(Refusal::HalfOpenEvicted) == 10; }));
  TestHost b(loop, member("b"));
  b.send(a, "a member still comes in");
  ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 1; }));
  ASSERT_TRUE(run_until(loop, [&] {
    return a.counters().of(Refusal::HandshakeTimeout) + a.counters().of(Refusal::HalfOpenEvicted) >=
           limits::kUnprovenPeers + 10;
  }));
  for (const auto& peer : silent) EXPECT_TRUE(run_until(loop, [&] { return peer->closed(); }));
}

TEST(HostilePeers, MalformedMessagesOfAMemberAreCountedAndCostNothingElse) {
  asio::io_context loop;
  TestHost a(loop, member("a"));
  TestHost b(loop, member("b"));
  for (int i = 0; i < 1000; ++i) b.send(a, "malformed");
  b.send(a, "fine");
  ASSERT_TRUE(run_until(loop, [&] { return a.heard.size() == 1; }));
  EXPECT_EQ(a.counters().of(Drop::Malformed), 1000U);
}

}  // namespace
}  // namespace dart::runtime::test
