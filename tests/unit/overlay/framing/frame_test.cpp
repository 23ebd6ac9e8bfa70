#include "overlay/framing/frame.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "overlay/framing/hello.hpp"

namespace dart::overlay::framing {
namespace {

struct Taken {
  FrameType type;
  Channel channel;
  std::string payload;
  bool operator==(const Taken&) const = default;
};

/// Everything a decoder gives for `bytes` fed in pieces of `piece`.
std::vector<Taken> decode(FrameDecoder& decoder, std::string_view bytes, std::size_t piece,
                          FrameFault& fault) {
  std::vector<Taken> taken;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    fault = decoder.feed(bytes.substr(at, piece), [&](const Frame& frame) {
      taken.push_back({frame.type, frame.channel, std::string(frame.payload)});
      return true;
    });
  }
  return taken;
}

TEST(Frame, ComesOutAsItWentInHoweverTheStreamIsCut) {
  std::string bytes;
  std::vector<Taken> sent;
  Random random(7);
  for (std::size_t i = 0; i < 40; ++i) {
    std::string payload(random.below(300), static_cast<char>('a' + i % 26));
    const auto channel = static_cast<Channel>(random.below(kChannels));
    append_frame(bytes, FrameType::Message, channel, payload);
    sent.push_back({FrameType::Message, channel, std::move(payload)});
  }
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{3}, std::size_t{8}, std::size_t{100}, bytes.size()}) {
    FrameDecoder decoder;
    FrameFault fault{};
    EXPECT_EQ(decode(decoder, bytes, piece, fault), sent) << "pieces of " << piece;
    EXPECT_EQ(fault, FrameFault::None);
  }
}

TEST(Frame, ALengthBeyondTheLimitIsAFaultBeforeAnyByteOfItIsHeld) {
  std::string bytes;
  append_frame(bytes, FrameType::Message, Channel::Data, std::string(5000, 'x'));
  FrameDecoder decoder;
  decoder.set_limit(4999);
  FrameFault fault{};
  EXPECT_TRUE(decode(decoder, bytes, 7, fault).empty());
  EXPECT_EQ(fault, FrameFault::Oversized);
  EXPECT_LE(decoder.held(), kHeaderBytes);
}

TEST(Frame, HeadersThatCannotBeAreFaultsForEver) {
  const auto fault_of = [](std::size_t at, char value) {
    std::string bytes;
    append_frame(bytes, FrameType::Message, Channel::Upkeep, "x");
    bytes[at] = value;
    FrameDecoder decoder;
    FrameFault fault{};
    EXPECT_TRUE(decode(decoder, bytes, bytes.size(), fault).empty());
    std::string good;
    append_frame(good, FrameType::Message, Channel::Upkeep, "x");
    EXPECT_TRUE(decode(decoder, good, good.size(), fault).empty());
    return fault;
  };
  EXPECT_EQ(fault_of(4, 2), FrameFault::Version);
  EXPECT_EQ(fault_of(6, 3), FrameFault::Header);
  EXPECT_EQ(fault_of(7, 1), FrameFault::Header);
}

TEST(Frame, ATypeThatIsNotKnownIsHandedOut) {
  std::string bytes;
  append_frame(bytes, static_cast<FrameType>(200), Channel::Control, "later");
  FrameDecoder decoder;
  FrameFault fault{};
  const auto taken = decode(decoder, bytes, bytes.size(), fault);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(static_cast<int>(taken[0].type), 200);
}

TEST(Frame, ATakerCanStopTheStream) {
  std::string bytes;
  for (int i = 0; i < 3; ++i) append_frame(bytes, FrameType::Message, Channel::Data, "x");
  FrameDecoder decoder;
  int taken = 0;
  EXPECT_EQ(decoder.feed(bytes, [&](const Frame&) { return ++taken < 2; }), FrameFault::Stopped);
  EXPECT_EQ(taken, 2);
}

TEST(HostMessage, CarriesIndexAndBody) {
  std::string bytes;
  append_message(bytes, Channel::Control, {70000, "hello"});
  const auto got = decode_message(std::string_view(bytes).substr(kHeaderBytes));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->from_index, 70000U);
  EXPECT_EQ(got->body, "hello");
  EXPECT_FALSE(decode_message(""));
  EXPECT_FALSE(decode_message(std::string(5, '\xff') + "\x7f"));
}

TEST(NoSuchNode, CarriesAnId) {
  const NodeId id{0x0102030405060708, 0x1112131415161718};
  std::string bytes;
  append_no_such_node(bytes, id);
  EXPECT_EQ(decode_no_such_node(std::string_view(bytes).substr(kHeaderBytes)), id);
  EXPECT_FALSE(decode_no_such_node(std::string(15, 'x')));
  EXPECT_FALSE(decode_no_such_node(std::string(17, 'x')));
}

Hello sample_hello() {
  Hello hello;
  for (std::uint8_t i = 0; i < 16; ++i) {
    hello.ring[i] = static_cast<std::uint8_t>(0x10 + i);
    hello.nonce[i] = static_cast<std::uint8_t>(0x40 + i);
  }
  for (std::uint8_t i = 0; i < 32; ++i) hello.host[i] = static_cast<std::uint8_t>(0xA0 + i);
  hello.boot = 0x0102030405060708;
  hello.node_limit = 1250;
  hello.endpoint = "10.1.2.3:7400";
  return hello;
}

TEST(Hello, RefusesWhatCannotBe) {
  const std::string good = encode_hello(sample_hello());
  ASSERT_TRUE(decode_hello(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_hello(good.substr(0, size))) << size;
  EXPECT_TRUE(decode_hello(good + "fields of a later level"));
  auto odd = sample_hello();
  odd.oldest_level = 2;
  EXPECT_FALSE(decode_hello(encode_hello(odd)));
  odd = sample_hello();
  odd.node_limit = 0;
  EXPECT_FALSE(decode_hello(encode_hello(odd)));
  odd = sample_hello();
  odd.endpoint = std::string(dart::limits::kEndpointBytes + 1, '1');
  EXPECT_FALSE(decode_hello(encode_hello(odd)));
}

std::string golden(const std::string& name) {
  std::ifstream file(std::string(DART_SOURCE_DIR) + "/tests/golden/frames/v1/" + name + ".hex");
  std::string bytes;
  for (std::string word; file >> word;) bytes.push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
  return bytes;
}

/// The one frame in `bytes`; fails the test when there is none.
Taken only_frame(const std::string& bytes) {
  FrameDecoder decoder;
  FrameFault fault{};
  auto taken = decode(decoder, bytes, bytes.size(), fault);
  EXPECT_EQ(fault, FrameFault::None);
  EXPECT_EQ(taken.size(), 1U);
  return taken.empty() ? Taken{} : taken.front();
}

TEST(GoldenFrames, StayDecodable) {
  const auto hello = only_frame(golden("hello"));
  EXPECT_EQ(hello.type, FrameType::Hello);
  const auto decoded = decode_hello(hello.payload);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->ring, sample_hello().ring);
  EXPECT_EQ(decoded->nonce, sample_hello().nonce);
  EXPECT_EQ(decoded->host, sample_hello().host);
  EXPECT_EQ(decoded->boot, sample_hello().boot);
  EXPECT_EQ(decoded->level, 1);
  EXPECT_EQ(decoded->node_limit, 1250U);
  EXPECT_EQ(decoded->endpoint, "10.1.2.3:7400");

  const auto ready = only_frame(golden("ready"));
  EXPECT_EQ(ready.type, FrameType::Ready);
  const auto nonce = sample_hello().nonce;
  EXPECT_EQ(ready.payload, std::string(nonce.begin(), nonce.end()));

  const auto message = only_frame(golden("message"));
  EXPECT_EQ(message.type, FrameType::Message);
  EXPECT_EQ(message.channel, Channel::Control);
  const auto host_message = decode_message(message.payload);
  ASSERT_TRUE(host_message);
  EXPECT_EQ(host_message->from_index, 300U);
  EXPECT_EQ(host_message->body, "body");

  const auto gone = only_frame(golden("no_such_node"));
  EXPECT_EQ(gone.type, FrameType::NoSuchNode);
  EXPECT_EQ(decode_no_such_node(gone.payload), (NodeId{0xE0E1E2E3E4E5E6E7, 0xE8E9EAEBECEDEEEF}));
  EXPECT_EQ(only_frame(golden("bye")).type, FrameType::Bye);
  const auto refuse = only_frame(golden("refuse"));
  EXPECT_EQ(refuse.type, FrameType::Refuse);
  EXPECT_EQ(refuse.payload, "\x01");
}

TEST(GoldenFrames, AreWhatIsWrittenToday) {
  std::string bytes;
  append_frame(bytes, FrameType::Hello, Channel::Upkeep, encode_hello(sample_hello()));
  EXPECT_EQ(bytes, golden("hello"));
  bytes.clear();
  append_message(bytes, Channel::Control, {300, "body"});
  EXPECT_EQ(bytes, golden("message"));
}

}  // namespace
}  // namespace dart::overlay::framing
