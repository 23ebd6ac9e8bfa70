#include "runtime/net/send_queue.hpp"

#include "base/limits.hpp"

namespace dart::runtime {

using overlay::framing::Channel;

std::size_t SendQueue::bound(Channel channel) {
  switch (channel) {
    case Channel::Upkeep:
      return limits::kUpkeepQueueBytes;
    case Channel::Control:
      return limits::kControlQueueBytes;
    case Channel::Data:
      return limits::kDataQueueBytes;
  }
  return 0;
}

Drop SendQueue::full_reason(Channel channel) {
  switch (channel) {
    case Channel::Upkeep:
      return Drop::UpkeepQueueFull;
    case Channel::Control:
      return Drop::ControlQueueFull;
    case Channel::Data:
      return Drop::DataQueueFull;
  }
  return Drop::DataQueueFull;
}

SendQueue::Block& SendQueue::block_for(Queue& queue, std::size_t size) {
  if (queue.blocks.empty() || queue.blocks.back().bytes.size() + size > limits::kWriteBytes)
    queue.blocks.emplace_back();
  return queue.blocks.back();
}

std::vector<std::string> SendQueue::take() {
  std::vector<std::string> taken;
  std::size_t bytes = 0;
  for (auto& queue : queues_) {
    const bool upkeep = &queue == queues_.data();
    while (!queue.blocks.empty()) {
      std::string& next = queue.blocks.front().bytes;
      if (!upkeep && bytes > 0 && bytes + next.size() > limits::kWriteBytes) break;
      bytes += next.size();
      queue.bytes -= next.size();
      taken.push_back(std::move(next));
      queue.blocks.pop_front();
    }
  }
  return taken;
}

std::size_t SendQueue::clear() {
  std::size_t frames = 0;
  for (auto& queue : queues_) {
    for (const auto& block : queue.blocks) frames += block.frames;
    queue = Queue{};
  }
  return frames;
}

bool SendQueue::empty() const { return bytes() == 0; }

std::size_t SendQueue::bytes() const {
  std::size_t all = 0;
  for (const auto& queue : queues_) all += queue.bytes;
  return all;
}

}  // namespace dart::runtime
