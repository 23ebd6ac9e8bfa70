#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "engine/exchange/frame.hpp"

namespace dart::engine::exchange {

/// The sending end of a link: numbers what goes out, keeps it until it is acknowledged, sends it again when
/// that takes too long, and never sends beyond the receiver's credit. A plain object, of one thread.
class Sender {
 public:
  /// Before the first acknowledgement only one frame goes out, to make the link known.
  explicit Sender(const LinkId& link);

  /// Messages (write_message) for the receiver. They wait here, however long.
  void push(std::string content, std::uint64_t rows);
  /// False: the producer must pause. True again once half of what waited is gone.
  [[nodiscard]] bool has_room() const;
  void on_ack(TimePoint now, const AckFrame& ack);
  /// Encoded DataFrames that are due now: new ones within the credit, and those to be repeated.
  void poll(TimePoint now, std::vector<std::string>& out);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  /// The connection was made anew: what is not acknowledged goes again at the next poll.
  void reconnected(TimePoint now);
  /// Everything has been acknowledged.
  [[nodiscard]] bool drained() const;

  struct Counters {
    std::uint64_t rows = 0;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_before = 0;
    std::uint64_t repeated = 0;
    std::uint64_t waiting_bytes = 0;
    std::int64_t no_credit_us = 0;
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct Waiting {
    std::uint64_t sequence = 0;
    std::string frame;  // encoded
    std::uint64_t plain_bytes = 0;
    std::uint64_t plain_end = 0;  // of all content up to and with this one, since the link began
    TimePoint sent;
    std::uint32_t times = 0;
  };
  LinkId link_;
  std::deque<Waiting> waiting_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t pushed_bytes_ = 0;
  std::uint64_t credit_bytes_ = 0;
  bool heard_ = false;
  bool paused_ = false;
  std::int64_t retry_us_ = 0;
  std::optional<TimePoint> starved_since_;
  Counters counters_;
};

}  // namespace dart::engine::exchange
