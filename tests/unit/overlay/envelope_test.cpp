#include "overlay/envelope.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/random.hpp"
#include "unit/overlay/samples.hpp"

namespace dart::overlay {
namespace {

std::string hex(const std::string& bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string unhex(const std::string& text) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(value(text[i]) * 16 + value(text[i + 1]));
  }
  return out;
}

TEST(Envelope, every_kind_survives_a_round_trip) {
  const auto samples = sample_envelopes();
  ASSERT_EQ(samples.size(), std::variant_size_v<Message>);
  for (const auto& [name, envelope] : samples) {
    const std::string bytes = encode(envelope);
    const auto decoded = decode(bytes);
    ASSERT_TRUE(decoded.has_value()) << name << ": " << decoded.error().message;
    EXPECT_EQ(decoded->from, envelope.from) << name;
    EXPECT_EQ(decoded->to, envelope.to) << name;
    EXPECT_EQ(decoded->to_nonce, envelope.to_nonce) << name;
    EXPECT_EQ(decoded->message.index(), envelope.message.index()) << name;
    EXPECT_EQ(encode(*decoded), bytes) << name;
  }
}

// Files of every released version stay: a newer program must read them.
TEST(Envelope, golden_files_decode_to_what_they_were_made_of) {
  for (const auto& [name, envelope] : sample_envelopes()) {
    const std::string path = std::string(DART_SOURCE_DIR) + "/tests/golden/overlay/v1/" + name + ".hex";
    std::ifstream in(path);
    EXPECT_TRUE(in) << path << " is missing; its text would be\n" << hex(encode(envelope));
    std::string text;
    in >> text;
    const auto decoded = decode(unhex(text));
    EXPECT_TRUE(decoded.has_value()) << name;
    if (!decoded) continue;
    EXPECT_EQ(hex(encode(*decoded)), hex(encode(envelope))) << name;
  }
}

TEST(Envelope, cut_and_changed_bytes_are_errors_or_messages_never_more) {
  Random random(5);
  for (const auto& [name, envelope] : sample_envelopes()) {
    const std::string bytes = encode(envelope);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      (void)decode(std::string_view(bytes).substr(0, size));
    for (int round = 0; round < 300; ++round) {
      std::string changed = bytes;
      changed[static_cast<std::size_t>(random.below(changed.size()))] = static_cast<char>(random.next());
      const auto decoded = decode(changed);
      if (decoded) {
        EXPECT_TRUE(decode(encode(*decoded)).has_value()) << name;
      }
    }
  }
}

TEST(Envelope, limits_are_kept) {
  Envelope envelope{sample_handle(1), {}, 0, Direct{1, std::string(limits::kPayloadBytes, 'x')}};
  EXPECT_TRUE(decode(encode(envelope)).has_value());
  envelope.message = Direct{1, std::string(limits::kPayloadBytes + 1, 'x')};
  EXPECT_FALSE(decode(encode(envelope)).has_value());
  envelope.message = Direct{1, std::string(limits::kMessageBytes + 1, 'x')};
  EXPECT_FALSE(decode(encode(envelope)).has_value());
  Heartbeat beat;
  beat.badge.assign(limits::kBadgeBytes + 1, 'x');
  envelope.message = beat;
  EXPECT_FALSE(decode(encode(envelope)).has_value());
  envelope.message = Leaving{std::vector<Contact>(limits::kContacts + 1, Contact{sample_handle(2), {}})};
  EXPECT_FALSE(decode(encode(envelope)).has_value());
  Probe probe;
  probe.coordinate.x = Coordinate::kLargest + 1;
  envelope.message = probe;
  EXPECT_FALSE(decode(encode(envelope)).has_value());
  EXPECT_FALSE(decode("").has_value());
}

}  // namespace
}  // namespace dart::overlay
