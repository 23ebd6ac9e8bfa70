#include "runtime/query/link_out.hpp"

#include <utility>
#include <variant>

#include "runtime/clock.hpp"
#include "runtime/mailbox.hpp"

namespace dart::runtime {

using engine::exchange::write_message;

namespace {

/// Content is handed over at about this many bytes.
constexpr std::size_t kPieceBytes = engine::exchange::kContentBytes;
/// What may be on its way to the loop's thread before the instance has to wait.
constexpr std::size_t kUnpushedBytes = 512U << 10;

/// Hosts share no other clock, so delays over several hosts are as true as their wall clocks.
engine::Progress in_wall_time(engine::Progress progress) {
  const Duration ahead = wall_ahead();
  progress.origin_first = progress.origin_first + ahead;
  progress.origin_last = progress.origin_last + ahead;
  return progress;
}

}  // namespace

LinkOut::LinkOut(const engine::exchange::LinkId& id, const placement::InstanceId& other,
                 const overlay::NodeHandle& host, engine::exchange::RowLayout layout,
                 std::shared_ptr<LoopQueue> queue, Owner& owner)
    : id_(id),
      other_(other),
      host_(host),
      layout_(std::move(layout)),
      queue_(std::move(queue)),
      owner_(owner),
      sender_(id) {}

void LinkOut::append(const engine::Message& message) {
  if (const auto* progress = std::get_if<engine::Progress>(&message.content)) {
    engine::Message told = message;
    told.content = in_wall_time(*progress);
    return write_message(told, layout_, content_);
  }
  const auto* chunk = std::get_if<columnar::Chunk>(&message.content);
  if (chunk == nullptr) return write_message(message, layout_, content_);
  const std::size_t bytes = size_of(message).bytes;
  if (bytes > kPieceBytes && chunk->rows > 1) {
    engine::Message half = message;
    half.content = chunk->slice(0, chunk->rows / 2);
    append(half);
    half.content = chunk->slice(chunk->rows / 2, chunk->rows - chunk->rows / 2);
    return append(half);
  }
  if (content_.bytes().size() + bytes > kPieceBytes) flush();
  write_message(message, layout_, content_);
  rows_ += chunk->rows;
}

void LinkOut::flush() {
  if (content_.bytes().empty()) return;
  std::string content = content_.take();
  content_ = ByteWriter();
  const std::size_t size = content.size();
  unpushed_ += size;
  queue_->add([self = shared_from_this(), size, rows = std::exchange(rows_, 0),
               piece = std::move(content)]() mutable {
    self->unpushed_ -= size;
    if (self->closed_) return;
    self->sender_.push(std::move(piece), rows);
    self->owner_.on_pushed(*self);
  });
}

bool LinkOut::has_room() const {
  const auto room = [this] { return sender_room_ && unpushed_ < kUnpushedBytes; };
  if (room()) return true;
  // Said before the second look: whatever makes room from here on sees that somebody waits for it.
  refused_ = true;
  return room();
}

bool LinkOut::room_returned() {
  sender_room_ = sender_.has_room();
  return sender_room_ && unpushed_ < kUnpushedBytes && refused_.exchange(false);
}

}  // namespace dart::runtime
