#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "overlay/framing/frame.hpp"
#include "runtime/net/net_counters.hpp"

namespace dart::runtime {

/// Encoded frames that wait for one peer: a bounded queue a channel. A frame that finds its queue full is
/// dropped and counted; a lower channel never displaces a higher one. Frames lie in blocks, so that a write
/// takes them whole.
class SendQueue {
 public:
  /// `append` writes exactly one frame behind a string; `size` is about its length.
  template <class Append>
  bool put(overlay::framing::Channel channel, std::size_t size, Append&& append, NetCounters& counters) {
    auto& queue = queues_[static_cast<std::size_t>(channel)];
    if (queue.bytes + size > bound(channel)) {
      counters.drop(full_reason(channel));
      return false;
    }
    Block& block = block_for(queue, size);
    const std::size_t before = block.bytes.size();
    append(block.bytes);
    ++block.frames;
    queue.bytes += block.bytes.size() - before;
    return true;
  }

  /// Moves out what one write takes: all upkeep, then control and data up to limits::kWriteBytes.
  [[nodiscard]] std::vector<std::string> take();
  /// Forgets everything; returns how many frames that were.
  std::size_t clear();
  [[nodiscard]] bool empty() const;
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t bytes(overlay::framing::Channel channel) const {
    return queues_[static_cast<std::size_t>(channel)].bytes;
  }

 private:
  struct Block {
    std::string bytes;
    std::size_t frames = 0;
  };
  struct Queue {
    std::deque<Block> blocks;
    std::size_t bytes = 0;
  };
  static std::size_t bound(overlay::framing::Channel channel);
  static Drop full_reason(overlay::framing::Channel channel);
  static Block& block_for(Queue& queue, std::size_t size);

  std::array<Queue, overlay::framing::kChannels> queues_;
};

}  // namespace dart::runtime
