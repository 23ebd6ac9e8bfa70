#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>
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

/// What waits for one unit, in order: messages, or (in a ring) also bytes from other hosts. Bounded by its
/// producers: they look at `full` before they work, so it holds at most the bound and what one turn adds.
/// Guarded by the lock of its owner.
template <class Content>
class BasicMailbox {
 public:
  struct Bounds {
    std::size_t rows;
    std::size_t bytes;
  };
  explicit BasicMailbox(Bounds bounds) : bounds_(bounds) {}

  void put(Content content, MessageSize size) {
    waiting_.push_back({std::move(content), size});
    held_.rows += size.rows;
    held_.bytes += size.bytes;
    peak_.rows = std::max(peak_.rows, held_.rows);
    peak_.bytes = std::max(peak_.bytes, held_.bytes);
  }
  /// Moves messages to `out` until they hold `max_rows` rows (at least one message, if there is one).
  void take(std::size_t max_rows, std::vector<Content>& out) {
    std::size_t rows = 0;
    while (!waiting_.empty() && (rows == 0 || rows + waiting_.front().size.rows <= max_rows)) {
      Entry& entry = waiting_.front();
      rows += entry.size.rows;
      held_.rows -= entry.size.rows;
      held_.bytes -= entry.size.bytes;
      out.push_back(std::move(entry.content));
      waiting_.pop_front();
    }
  }
  void clear() {
    waiting_.clear();
    held_ = {};
  }

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] bool full() const { return held_.rows >= bounds_.rows || held_.bytes >= bounds_.bytes; }
  [[nodiscard]] MessageSize held() const { return held_; }
  /// The most it ever held.
  [[nodiscard]] MessageSize peak() const { return peak_; }
  /// Rows and messages, what the pick policy compares.
  [[nodiscard]] std::size_t pending() const { return held_.rows + waiting_.size(); }

 private:
  struct Entry {
    Content content;
    MessageSize size;
  };
  Bounds bounds_;
  std::deque<Entry> waiting_;
  MessageSize held_;
  MessageSize peak_;
};

using Mailbox = BasicMailbox<engine::Message>;

}  // namespace dart::runtime
