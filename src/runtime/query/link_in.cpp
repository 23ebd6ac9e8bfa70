#include "runtime/query/link_in.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "runtime/clock.hpp"

namespace dart::runtime {

namespace {

/// Plain bytes of one link that are on their way or wait here.
constexpr std::uint64_t kWindowBytes = 1U << 20;
constexpr std::size_t kTextBytes = 16;

/// A wall clock behind the sender's would have rows read in the future.
engine::Progress in_own_time(engine::Progress progress) {
  const Duration ahead = wall_ahead();
  const TimePoint current = now();
  progress.origin_first = std::min(progress.origin_first - ahead, current);
  progress.origin_last = std::min(progress.origin_last - ahead, current);
  return progress;
}

}  // namespace

LinkIn::LinkIn(const engine::exchange::LinkId& id, const placement::InstanceId& other,
               const overlay::NodeHandle& host, engine::exchange::RowLayout layout, const Entry& entry,
               InstancePool::SlotPtr slot, std::shared_ptr<LoopQueue> queue, Owner& owner)
    : id_(id),
      other_(other),
      host_(host),
      layout_(std::move(layout)),
      entry_(entry),
      slot_(std::move(slot)),
      queue_(std::move(queue)),
      owner_(owner),
      receiver_(id, kWindowBytes) {
  for (const auto& type : layout_.types) {
    const bool text = type.physical() == columnar::PhysicalType::String;
    row_bytes_ += text ? kTextBytes : columnar::width_of(type.physical());
  }
}

Result<std::vector<engine::Message>> LinkIn::unpack(std::string_view bytes) {
  DART_TRY(auto messages, engine::exchange::read_content(id_, layout_, bytes));
  for (engine::Message& message : messages) {
    message.exchange = entry_.exchange;
    message.sender = entry_.sender;
    if (const auto* chunk = std::get_if<columnar::Chunk>(&message.content)) rows_ += chunk->rows;
    if (auto* progress = std::get_if<engine::Progress>(&message.content)) *progress = in_own_time(*progress);
  }
  return messages;
}

void LinkIn::used(std::size_t bytes) {
  if (bytes == 0 || used_.fetch_add(bytes) != 0) return;  // one telling for all until the loop comes to it
  queue_->add([self = shared_from_this()] {
    self->receiver_.consumed(self->used_.exchange(0));
    if (!self->closed_) self->owner_.on_used(*self);
  });
}

engine::exchange::AckFrame LinkIn::greeting() const { return {id_, 0, kWindowBytes, true}; }

MessageSize LinkIn::size_of(const std::string& content) const {
  return {content.size() / std::max<std::size_t>(1, row_bytes_) + 1, content.size()};
}

}  // namespace dart::runtime
