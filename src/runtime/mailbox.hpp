#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "engine/instance.hpp"

namespace dart::runtime {

/// Rows and bytes of a message; progress, watermarks and ends have none.
struct MessageSize {
  std::size_t rows = 0;
  std::size_t bytes = 0;
};
/// Bytes that the rows refer to, long strings included, however they are shared.
[[nodiscard]] MessageSize size_of(const engine::Message& message);

/// The messages that wait for one unit, in order. Bounded by its producers: they look at `full` before they
/// work, so it holds at most the bound and what one turn adds. Guarded by the lock of its owner.
class Mailbox {
 public:
  struct Bounds {
    std::size_t rows;
    std::size_t bytes;
  };
  explicit Mailbox(Bounds bounds) : bounds_(bounds) {}

  void put(engine::Message message, MessageSize size);
  /// Moves messages to `out` until they hold `max_rows` rows (at least one message, if there is one).
  void take(std::size_t max_rows, std::vector<engine::Message>& out);
  void clear();

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] bool full() const { return held_.rows >= bounds_.rows || held_.bytes >= bounds_.bytes; }
  [[nodiscard]] MessageSize held() const { return held_; }
  /// The most it ever held.
  [[nodiscard]] MessageSize peak() const { return peak_; }
  /// Rows and messages, what the pick policy compares.
  [[nodiscard]] std::size_t pending() const { return held_.rows + waiting_.size(); }

 private:
  struct Entry {
    engine::Message message;
    MessageSize size;
  };
  Bounds bounds_;
  std::deque<Entry> waiting_;
  MessageSize held_;
  MessageSize peak_;
};

}  // namespace dart::runtime
