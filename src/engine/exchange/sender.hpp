#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "engine/exchange/frame.hpp"

namespace dart::engine::exchange {

/// The sending end of a link: numbers what goes out, keeps it until it is acknowledged, sends it again when
/// that takes too long, and never sends beyond the receiver's credit. A plain object, of one thread.
class Sender {
 public:
  /// Until a frame is acknowledged only one goes out: to make the link known, and to see how long an answer
  /// takes. The receiver may say that it is there by an AckFrame of sequence 0.
  explicit Sender(const LinkId& link);

  /// Messages (write_message) for the receiver. They wait here, however long; they go out at the next poll.
  void push(std::string content, std::uint64_t rows);
  /// False: too much waits to go out, the producer must pause. True again once half of it has, by `poll`.
  [[nodiscard]] bool has_room() const;
  void on_ack(TimePoint now, const AckFrame& ack);
  /// Encoded DataFrames that are due now: new ones within the credit, and those to be repeated.
  void poll(TimePoint now, std::vector<std::string>& out);
  /// When `poll` has something to do although nothing was pushed, acknowledged or reconnected since the last.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  /// The connection was made anew: what is not acknowledged goes again at the next poll.
  void reconnected(TimePoint now);
  /// Everything has been acknowledged.
  [[nodiscard]] bool drained() const;

  struct Counters {
    std::uint64_t rows = 0;
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;          ///< of content, after compression; a repeated frame counts once
    std::uint64_t bytes_before = 0;   ///< before it
    std::uint64_t repeated = 0;       ///< frames sent again, and questions for credit that may have been lost
    std::uint64_t waiting_bytes = 0;  ///< plain bytes not acknowledged
    std::int64_t no_credit_us = 0;    ///< how long there was something to send and no credit
  };
  [[nodiscard]] Counters counters() const;

 private:
  struct Waiting {
    std::string frame;  // encoded
    std::uint64_t plain_bytes = 0;
    std::uint64_t content_bytes = 0;  // after compression
    std::uint64_t plain_end = 0;      // of all content up to and with this one, since the link began
    TimePoint first_sent = {};
  };
  void push_frame(std::string_view piece, bool continues);
  [[nodiscard]] bool may_send_next() const;
  [[nodiscard]] bool starved() const {
    return acknowledged_ > 0 && sent_ < waiting_.size() && !may_send_next();
  }
  void repeat(TimePoint now, std::vector<std::string>& out);
  void send_new(TimePoint now, std::vector<std::string>& out);
  void note_room();
  void take_acknowledged(TimePoint now, std::uint64_t sequence);
  void count_starving(TimePoint now);

  LinkId link_;
  std::deque<Waiting> waiting_;     // not acknowledged, by sequence number
  std::size_t sent_ = 0;            // how many of them have gone out
  std::uint64_t acknowledged_ = 0;  // sequence number; waiting_ begins behind it
  std::uint64_t acknowledged_bytes_ = 0;
  std::uint64_t pushed_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::uint64_t credit_bytes_ = 0;
  std::uint64_t idle_sequence_ = 0;  // the receiver had used up all until here
  bool paused_ = false;
  bool repeat_all_ = false;   // all that has gone out goes again at the next poll
  bool recovering_ = false;   // the first one was repeated, and its acknowledgement is awaited
  std::int64_t patience_us_;  // how long an acknowledgement may take, from how long the last one took
  std::int64_t retry_us_;     // the same, doubled each time that it was in vain
  TimePoint retry_from_;      // while something is outstanding, or there is no credit
  std::optional<TimePoint> starved_since_;
  Counters counters_;
};

}  // namespace dart::engine::exchange
