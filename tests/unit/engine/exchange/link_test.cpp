#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest-spi.h>

#include "base/random.hpp"
#include "engine/exchange/receiver.hpp"
#include "engine/exchange/sender.hpp"

namespace dart::engine::exchange {
namespace {

constexpr LinkId kLink{Key{1, 2}, 1, 0, 0, 0};
constexpr std::uint64_t kWindow = 64U << 10;
constexpr TimePoint kStart{1'000'000};

TimePoint after_ms(std::int64_t ms) { return kStart + Duration{ms * 1000}; }

template <class SenderType>
std::vector<std::string> poll(SenderType& sender, TimePoint now) {
  std::vector<std::string> out;
  sender.poll(now, out);
  return out;
}

DataFrame as_data(const std::string& bytes) { return std::get<DataFrame>(decode(bytes).value()); }

/// Bytes that no compression makes smaller.
std::string noise(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return bytes;
}

/// Sender and receiver with nothing between them; what is taken stays with the caller.
struct Direct {
  Sender sender{kLink};
  Receiver receiver;

  explicit Direct(std::uint64_t window = kWindow) : receiver(kLink, window) {}
  std::vector<std::string> run(TimePoint now) {
    std::vector<std::string> taken;
    for (bool more = true; more;) {
      more = false;
      for (const std::string& bytes : poll(sender, now)) {
        more = true;
        if (auto content = receiver.take(as_data(bytes)).value()) taken.push_back(std::move(*content));
      }
      if (const auto ack = receiver.poll(now)) {
        more = true;
        sender.on_ack(now, *ack);
      }
    }
    return taken;
  }
};

TEST(Link, OneFrameUntilTheFirstAcknowledgement) {
  Direct link;
  for (const char* content : {"a", "b", "c"}) link.sender.push(content, 1);
  const auto first = poll(link.sender, kStart);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(as_data(first[0]).sequence, 1U);
  EXPECT_TRUE(poll(link.sender, after_ms(249)).empty());
  EXPECT_EQ(link.receiver.take(as_data(first[0])).value(), "a");
  link.sender.on_ack(kStart, link.receiver.poll(kStart).value());
  EXPECT_EQ(poll(link.sender, kStart).size(), 2U);
}

TEST(Link, TheReceiverSaysNothingBeforeAFrameCame) {
  EXPECT_FALSE(Receiver(kLink, kWindow).poll(kStart).has_value());
}

TEST(Link, RepeatsAfterATimeThatDoublesToOneSecond) {
  Sender sender(kLink);
  sender.push("a", 1);
  EXPECT_EQ(poll(sender, kStart).size(), 1U);
  std::int64_t at = 0;
  for (const std::int64_t wait : {250, 500, 1000, 1000, 1000}) {
    EXPECT_EQ(sender.next_deadline(), after_ms(at + wait));
    EXPECT_TRUE(poll(sender, after_ms(at + wait - 1)).empty());
    at += wait;
    const auto again = poll(sender, after_ms(at));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(as_data(again[0]).bytes, "a");
  }
  EXPECT_EQ(sender.counters().repeated, 5U);
  EXPECT_EQ(sender.counters().frames, 1U);
}

TEST(Link, RepeatsAllAtOnceAfterReconnecting) {
  Direct link;
  link.sender.push("a", 1);
  EXPECT_EQ(link.run(kStart), std::vector<std::string>{"a"});
  for (const char* content : {"b", "c"}) link.sender.push(content, 1);
  EXPECT_EQ(poll(link.sender, kStart).size(), 2U);
  link.sender.reconnected(after_ms(1));
  EXPECT_EQ(link.sender.next_deadline(), after_ms(1));
  EXPECT_EQ(link.run(after_ms(1)), (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(link.sender.drained());
  EXPECT_EQ(link.sender.next_deadline(), std::nullopt);
}

TEST(Link, WhatIsBehindALostFrameGoesAgainOnceThatOneArrived) {
  Direct link;
  link.sender.push("a", 1);
  link.run(kStart);
  for (const char* content : {"b", "c", "d"}) link.sender.push(content, 1);
  const auto frames = poll(link.sender, kStart);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(link.receiver.take(as_data(frames[1])).value(), std::nullopt);
  EXPECT_EQ(link.receiver.take(as_data(frames[2])).value(), std::nullopt);
  EXPECT_EQ(link.receiver.counters().ahead, 2U);
  EXPECT_EQ(link.run(after_ms(250)), (std::vector<std::string>{"b", "c", "d"}));
}

TEST(Link, ARepeatedFrameIsNotTakenAndAcknowledgedAgain) {
  Direct link;
  link.sender.push("a", 1);
  const auto frames = poll(link.sender, kStart);
  EXPECT_EQ(link.receiver.take(as_data(frames[0])).value(), "a");
  EXPECT_TRUE(link.receiver.poll(kStart).has_value());
  EXPECT_FALSE(link.receiver.poll(kStart).has_value());
  EXPECT_EQ(link.receiver.take(as_data(frames[0])).value(), std::nullopt);
  EXPECT_EQ(link.receiver.counters().repeated, 1U);
  const auto ack = link.receiver.poll(kStart);
  ASSERT_TRUE(ack.has_value());
  EXPECT_EQ(ack->sequence, 1U);
}

TEST(Link, NothingGoesBeyondTheCreditUntilTheRowsAreUsedUp) {
  Direct link;
  for (int i = 0; i < 10; ++i) link.sender.push(noise(kWindow / 4, 1), 1);
  EXPECT_EQ(link.run(kStart).size(), 4U);
  EXPECT_EQ(link.receiver.waiting_bytes(), kWindow);
  link.receiver.consumed(kWindow / 4 - 1);
  EXPECT_FALSE(link.receiver.poll(kStart).has_value()) << "less than a quarter of the window";
  link.receiver.consumed(1);
  EXPECT_EQ(link.run(after_ms(7)).size(), 1U);
  EXPECT_EQ(link.sender.counters().no_credit_us, 7000);
}

TEST(Link, CreditThatWasLostIsAskedFor) {
  Direct link;
  for (int i = 0; i < 5; ++i) link.sender.push(noise(kWindow / 4, 1), 1);
  EXPECT_EQ(link.run(kStart).size(), 4U);
  link.receiver.consumed(kWindow);
  EXPECT_TRUE(link.receiver.poll(kStart).has_value());
  EXPECT_EQ(link.sender.next_deadline(), after_ms(250));
  EXPECT_EQ(link.run(after_ms(249)).size(), 0U);
  EXPECT_EQ(link.run(after_ms(250)).size(), 1U);
}

TEST(Link, AnOldAcknowledgementTakesNoCreditBack) {
  Direct link;
  link.sender.push("a", 1);
  EXPECT_EQ(link.receiver.take(as_data(poll(link.sender, kStart)[0])).value(), "a");
  const AckFrame older = link.receiver.poll(kStart).value();
  link.receiver.consumed(1);
  const AckFrame newer = link.receiver.poll(kStart).value();
  EXPECT_GT(newer.credit_bytes, older.credit_bytes);
  link.sender.on_ack(kStart, newer);
  link.sender.on_ack(kStart, older);
  link.sender.push(noise(kWindow, 1), 1);
  EXPECT_EQ(poll(link.sender, kStart).size(), 1U);
}

TEST(Link, AcknowledgementsOfOtherLinksAndOfFramesNeverSentAreIgnored) {
  Sender sender(kLink);
  sender.push("a", 1);
  sender.on_ack(kStart, AckFrame{kLink, 1, kWindow, false});
  EXPECT_FALSE(sender.drained());
  EXPECT_EQ(poll(sender, kStart).size(), 1U);
  LinkId other = kLink;
  other.epoch = 2;
  sender.on_ack(kStart, AckFrame{other, 1, kWindow, false});
  sender.on_ack(kStart, AckFrame{kLink, 2, kWindow, false});
  EXPECT_FALSE(sender.drained());
  sender.on_ack(kStart, AckFrame{kLink, 1, kWindow, false});
  EXPECT_TRUE(sender.drained());
}

TEST(Link, AContentLargerThanTheWindowAndThanAFrameArrivesWhole) {
  Direct link(1000);
  const std::string large = noise(3 * kFramePlainBytes + 17, 5);
  link.sender.push("a", 1);
  EXPECT_EQ(link.run(kStart), std::vector<std::string>{"a"});
  link.sender.push(large, 1);
  EXPECT_TRUE(link.run(kStart).empty()) << "the receiver still has something";
  link.receiver.consumed(1);
  EXPECT_TRUE(link.run(kStart) == std::vector<std::string>{large});
  link.sender.push("b", 1);
  EXPECT_TRUE(link.run(kStart).empty());
  link.receiver.consumed(large.size() - 1);
  EXPECT_EQ(link.run(kStart), std::vector<std::string>{"b"});
}

TEST(Link, TheProducerPausesAt256KibThatWaitAndGoesOnBelowHalf) {
  Direct link(256U << 10);
  const std::string piece = noise(32U << 10, 3);
  link.sender.push(piece, 1);
  link.run(kStart);
  for (int i = 0; i < 15; ++i) link.sender.push(piece, 1);
  // Of these, seven go at once: what is under way does not count.
  EXPECT_EQ(poll(link.sender, kStart).size(), 7U);
  link.sender.reconnected(kStart);
  EXPECT_FALSE(link.sender.has_room());
  EXPECT_EQ(link.run(kStart).size(), 7U);
  EXPECT_FALSE(link.sender.has_room());
  EXPECT_EQ(link.sender.counters().waiting_bytes, 256U << 10);
  link.receiver.consumed(4 * piece.size());
  EXPECT_EQ(link.run(kStart).size(), 4U);
  EXPECT_FALSE(link.sender.has_room()) << "half";
  link.receiver.consumed(piece.size());
  EXPECT_EQ(link.run(kStart).size(), 0U) << "less than a quarter of the window";
  link.receiver.consumed(piece.size());
  EXPECT_EQ(link.run(kStart).size(), 2U);
  EXPECT_TRUE(link.sender.has_room());
}

TEST(Link, AReceiverThatSaysItIsThereGetsManyFramesBeforeItsNextAcknowledgement) {
  Direct link;
  for (const char* content : {"a", "b", "c", "d"}) link.sender.push(content, 1);
  link.sender.on_ack(kStart, AckFrame{kLink, 0, kWindow, true});
  ASSERT_EQ(poll(link.sender, kStart).size(), 1U) << "nothing is acknowledged yet";
  link.sender.reconnected(kStart);
  EXPECT_EQ(link.run(kStart).size(), 4U);

  Receiver receiver(kLink, kWindow);
  for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) {
    EXPECT_EQ(receiver.take(DataFrame{kLink, sequence, false, 1, "a"}).value(), "a");
  }
}

TEST(Link, OverASlowWayNothingGoesAgainWhileItIsUnderWay) {
  constexpr std::int64_t kBytesPerMs = 125;  // 1 Mbit/s
  constexpr std::uint64_t kLargeWindow = 1U << 20;
  Direct link(kLargeWindow);
  std::deque<std::pair<TimePoint, std::string>> way;
  TimePoint now = kStart;
  TimePoint way_free = kStart;
  std::uint64_t carried = 0;
  std::size_t taken = 0;
  constexpr std::size_t kContents = 60;
  for (std::uint64_t i = 0; i < kContents; ++i) link.sender.push(noise(64U << 10, i), 1);
  for (; taken < kContents; now = now + Duration{1000}) {
    ASSERT_LT(now, after_ms(120'000));
    for (std::string& bytes : poll(link.sender, now)) {
      carried += bytes.size();
      const auto ms = static_cast<std::int64_t>(bytes.size()) / kBytesPerMs;
      way_free = std::max(way_free, now) + Duration{ms * 1000};
      way.emplace_back(way_free, std::move(bytes));
    }
    for (; !way.empty() && way.front().first <= now; way.pop_front()) {
      const auto content = link.receiver.take(as_data(way.front().second)).value();
      if (!content) continue;
      ++taken;
      link.receiver.consumed(content->size());
    }
    if (const auto ack = link.receiver.poll(now)) link.sender.on_ack(now, *ack);
  }
  EXPECT_LT(carried, (kContents + 3) * (65U << 10)) << link.sender.counters().repeated << " repeated";
}

TEST(Link, CompressesWhatShrinks) {
  Direct link;
  const std::vector<std::string> contents{std::string(511, 'a'), std::string(512, 'a'), noise(4000, 1)};
  for (const auto& content : contents) link.sender.push(content, 2);
  EXPECT_TRUE(link.run(kStart) == contents);
  const auto sent = link.sender.counters();
  const auto taken = link.receiver.counters();
  EXPECT_EQ(sent.bytes_before, 511U + 512U + 4000U);
  EXPECT_EQ(taken.bytes_before, sent.bytes_before);
  EXPECT_GT(sent.bytes, 511U + 4000U);
  EXPECT_LT(sent.bytes, 511U + 4000U + 100U);
  EXPECT_EQ(taken.bytes, sent.bytes);
  EXPECT_EQ(sent.rows, 6U);
  EXPECT_EQ(taken.frames, 3U);
}

TEST(Link, WrongContentIsAnError) {
  EXPECT_FALSE(Receiver(kLink, kWindow).take(DataFrame{kLink, 1, true, 600, "no block"}).has_value());
  EXPECT_FALSE(Receiver(kLink, kWindow).take(DataFrame{kLink, 1, false, 600, "short"}).has_value());
  LinkId other = kLink;
  other.sender = 1;
  EXPECT_FALSE(Receiver(kLink, kWindow).take(DataFrame{other, 1, false, 1, "a"}).has_value());
}

TEST(Link, ASenderThatIgnoresItsCreditIsRefused) {
  Receiver receiver(kLink, 1000);
  EXPECT_EQ(receiver.take(DataFrame{kLink, 1, false, 1, "a"}).value(), "a");
  EXPECT_EQ(receiver.poll(kStart)->credit_bytes, 1000U);
  const std::string piece(1000, 'a');
  const auto size = static_cast<std::uint32_t>(piece.size());
  EXPECT_FALSE(receiver.take(DataFrame{kLink, 2, false, size, piece}).has_value());
}

/// A link over a network that loses, doubles and reorders, with a consumer that keeps its own pace. Ends that
/// are broken on purpose can be put in.
template <class SenderType = Sender, class ReceiverType = Receiver>
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : random_(seed),
        window_(1 + random_.below(100'000)),
        loss_(random_.below(40)),
        most_(1 + random_.below(random_.chance(1, 3) ? 3 * window_ : window_)),
        messages_(1 + random_.below(60)),
        sender_(kLink),
        receiver_(kLink, window_) {}

  void run() {
    while (taken_ < messages_ || !sender_.drained() || receiver_.waiting_bytes() > 0) {
      ASSERT_LT(now_.us, 3'600'000'000) << "the link does not go on";
      now_ = now_ + Duration{static_cast<std::int64_t>(1 + random_.below(20'000))};
      ASSERT_NO_FATAL_FAILURE(turn());
    }
    loss_ = 0;
    sender_.push(content(pushed_++), 1);
    for (int i = 0; i < 2000; ++i) {
      now_ = now_ + Duration{20'000};
      ASSERT_NO_FATAL_FAILURE(turn());
    }
    ASSERT_EQ(taken_, pushed_);
    ASSERT_EQ(receiver_.waiting_bytes(), 0U);
    ASSERT_NO_FATAL_FAILURE(check_full_credit());
  }

 private:
  struct Travelling {
    TimePoint due;
    bool to_receiver = false;
    std::string bytes;
  };
  std::string content(std::uint64_t number) {
    Random random(mix64(number));
    std::string text(1 + random.below(most_), static_cast<char>('a' + number % 26));
    return number % 2 == 0 ? text : noise(text.size(), number);
  }
  void send(bool to_receiver, const std::string& bytes) {
    if (random_.below(100) < loss_) return;
    for (int copies = random_.chance(1, 10) ? 2 : 1; copies > 0; --copies) {
      const auto delay = static_cast<std::int64_t>(random_.below(random_.chance(1, 20) ? 900'000 : 30'000));
      network_.push_back({now_ + Duration{delay}, to_receiver, bytes});
    }
  }
  void turn() {
    if (pushed_ < messages_ && sender_.has_room() && random_.chance(1, 2))
      sender_.push(content(pushed_++), 1);
    if (random_.chance(1, 500)) sender_.reconnected(now_);
    for (std::size_t i = 0; i < network_.size();) {
      if (network_[i].due > now_) {
        ++i;
        continue;
      }
      const Travelling arrived = std::move(network_[i]);
      network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(i));
      ASSERT_NO_FATAL_FAILURE(arrive(arrived));
    }
    if (!consumer_.empty() && random_.chance(1, 4)) {
      receiver_.consumed(consumer_.front());
      consumer_.pop_front();
    }
    if (const auto ack = receiver_.poll(now_)) send(false, encode(*ack));
    for (const std::string& bytes : poll(sender_, now_)) send(true, bytes);
  }
  void arrive(const Travelling& arrived) {
    const auto frame = decode(arrived.bytes);
    ASSERT_TRUE(frame.has_value());
    if (!arrived.to_receiver) {
      sender_.on_ack(now_, std::get<AckFrame>(*frame));
      return;
    }
    auto taken = receiver_.take(std::get<DataFrame>(*frame));
    ASSERT_TRUE(taken.has_value()) << taken.error().message;
    if (*taken) {
      ASSERT_TRUE(**taken == content(taken_++)) << "not the next message";
      consumer_.push_back((*taken)->size());
    }
    // One frame larger than the window stands alone.
    ASSERT_TRUE(receiver_.waiting_bytes() <= window_ || consumer_.size() <= 1)
        << receiver_.waiting_bytes() << " of " << window_;
  }
  /// Exactly the window can be sent in small pieces without any answer.
  void check_full_credit() {
    for (std::uint64_t left = window_; left > 0;) {
      const std::uint64_t size = std::min<std::uint64_t>(left, 20'000);
      sender_.push(std::string(size, 'x'), 1);
      left -= size;
    }
    std::uint64_t plain = 0;
    for (const std::string& bytes : poll(sender_, now_)) plain += as_data(bytes).plain_bytes;
    ASSERT_EQ(plain, window_);
    sender_.push("y", 1);
    ASSERT_TRUE(poll(sender_, now_).empty());
  }

  Random random_;
  std::uint64_t window_;
  std::uint64_t loss_;
  std::uint64_t most_;
  std::uint64_t messages_;
  SenderType sender_;
  ReceiverType receiver_;
  TimePoint now_ = kStart;
  std::vector<Travelling> network_;
  std::deque<std::uint64_t> consumer_;
  std::uint64_t pushed_ = 0;
  std::uint64_t taken_ = 0;
};

TEST(Link, EveryMessageArrivesOnceAndInOrderOverABadNetwork) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(Simulation<>(seed).run());
  }
}

TEST(LinkSoak, EveryMessageArrivesOnceAndInOrderOverABadNetwork) {
  const std::uint64_t count = std::getenv("DART_SOAK") != nullptr ? 20'000 : 20;
  for (std::uint64_t seed = 1000; seed < 1000 + count; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(Simulation<>(seed).run());
  }
}

/// Gives back less than was used up.
class LeakingReceiver : public Receiver {
 public:
  using Receiver::Receiver;
  void consumed(std::uint64_t plain_bytes) { Receiver::consumed(plain_bytes - plain_bytes / 8); }
};

/// Takes a frame as often as it comes.
class ForgetfulReceiver : public Receiver {
 public:
  using Receiver::Receiver;
  Result<std::optional<std::string>> take(const DataFrame& frame) {
    if (frame.bytes == last_ && !last_.empty()) return std::optional<std::string>(last_content_);
    auto content = Receiver::take(frame);
    if (content && *content) {
      last_ = frame.bytes;
      last_content_ = **content;
    }
    return content;
  }

 private:
  std::string last_;
  std::string last_content_;
};

/// Believes that it may send whatever it likes.
class GreedySender : public Sender {
 public:
  using Sender::Sender;
  void on_ack(TimePoint now, AckFrame ack) {
    ack.credit_bytes = UINT64_MAX;
    Sender::on_ack(now, ack);
  }
};

/// Sends nothing twice.
class HastySender : public Sender {
 public:
  using Sender::Sender;
  void poll(TimePoint now, std::vector<std::string>& out) {
    std::vector<std::string> frames;
    Sender::poll(now, frames);
    for (std::string& bytes : frames) {
      const auto sequence = as_data(bytes).sequence;
      if (sequence <= last_) continue;
      last_ = sequence;
      out.push_back(std::move(bytes));
    }
  }

 private:
  std::uint64_t last_ = 0;
};

/// Whether some of a few runs ends in a failure, which is not this test's.
template <class SenderType, class ReceiverType>
bool is_caught() {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    testing::TestPartResultArray results;
    {
      const testing::ScopedFakeTestPartResultReporter reporter(
          testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
      Simulation<SenderType, ReceiverType>(seed).run();
    }
    for (int i = 0; i < results.size(); ++i) {
      if (results.GetTestPartResult(i).failed()) return true;
    }
  }
  return false;
}

TEST(Link, TheSimulationFindsBrokenEnds) {
  EXPECT_FALSE((is_caught<Sender, Receiver>()));
  EXPECT_TRUE((is_caught<Sender, LeakingReceiver>()));
  EXPECT_TRUE((is_caught<Sender, ForgetfulReceiver>()));
  EXPECT_TRUE((is_caught<GreedySender, Receiver>()));
  EXPECT_TRUE((is_caught<HastySender, Receiver>()));
}

}  // namespace
}  // namespace dart::engine::exchange
