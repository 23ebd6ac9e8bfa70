#include "engine/exchange/sender.hpp"

#include <algorithm>

#include "engine/exchange/compression.hpp"

namespace dart::engine::exchange {

namespace {

constexpr std::int64_t kFirstRetryUs = 250'000;
constexpr std::int64_t kLastRetryUs = 2'000'000;
/// Where nothing is heard at all, frames go again at least so often: a way that is mended is used soon.
constexpr std::int64_t kLongestWaitUs = 1'000'000;
/// Plain bytes that wait to go out.
constexpr std::uint64_t kRoomBytes = 256U << 10;

}  // namespace

Sender::Sender(const LinkId& link) : link_(link), patience_us_(kFirstRetryUs), retry_us_(kFirstRetryUs) {}

void Sender::push(std::string content, std::uint64_t rows) {
  counters_.rows += rows;
  const std::string_view all = content;
  std::size_t at = 0;
  for (; all.size() - at > kFramePlainBytes; at += kFramePlainBytes) {
    push_frame(all.substr(at, kFramePlainBytes), true);
  }
  push_frame(all.substr(at), false);
  note_room();
}

/// What is under way is bounded by the credit, so only what is not counts: else a window that is larger than
/// the room would never be used.
void Sender::note_room() {
  const std::uint64_t unsent = pushed_bytes_ - sent_bytes_;
  if (unsent >= kRoomBytes) paused_ = true;
  if (unsent < kRoomBytes / 2) paused_ = false;
}

void Sender::push_frame(std::string_view piece, bool continues) {
  DataFrame frame;
  frame.link = link_;
  frame.sequence = acknowledged_ + waiting_.size() + 1;
  frame.plain_bytes = static_cast<std::uint32_t>(piece.size());
  frame.continues = continues;
  const std::optional<std::string> compressed = compress(piece);
  frame.compressed = compressed.has_value();
  frame.bytes = compressed ? std::string_view(*compressed) : piece;
  pushed_bytes_ += piece.size();
  waiting_.push_back({encode(frame), piece.size(), frame.bytes.size(), pushed_bytes_});
}

bool Sender::has_room() const { return !paused_; }

bool Sender::may_send_next() const {
  if (sent_ == waiting_.size()) return false;
  if (acknowledged_ == 0) return sent_ == 0;
  if (waiting_[sent_].plain_end <= credit_bytes_) return true;
  // Larger than the whole window, or else there would be credit: it goes alone.
  return sent_ == 0 && idle_sequence_ == acknowledged_;
}

void Sender::on_ack(TimePoint now, const AckFrame& ack) {
  // What was never sent cannot have arrived.
  if (ack.link != link_ || ack.sequence > acknowledged_ + sent_) return;
  count_starving(now);
  const bool was_starved = starved();
  credit_bytes_ = std::max(credit_bytes_, ack.credit_bytes);
  if (ack.sequence < acknowledged_) return;
  const std::uint64_t moved = ack.sequence - acknowledged_;
  take_acknowledged(now, ack.sequence);
  if (ack.idle) idle_sequence_ = ack.sequence;
  if (moved > 0 || (was_starved && !starved())) {
    // The frames behind a lost one were not taken. If one of them was, then none was lost but only slow.
    repeat_all_ = repeat_all_ || (recovering_ && moved == 1 && sent_ > 0);
    recovering_ = false;
    retry_us_ = patience_us_;
    retry_from_ = now;
  }
}

/// An answer to a frame that went several times may be one to the first: that time is taken, so that over a
/// slow way, where a full window takes seconds, frames do not go again while they are still under way.
void Sender::take_acknowledged(TimePoint now, std::uint64_t sequence) {
  for (; acknowledged_ < sequence; ++acknowledged_, --sent_) {
    const Waiting& done = waiting_.front();
    patience_us_ = std::clamp(2 * (now - done.first_sent).us, kFirstRetryUs, kLastRetryUs);
    acknowledged_bytes_ = done.plain_end;
    waiting_.pop_front();
  }
}

void Sender::poll(TimePoint now, std::vector<std::string>& out) {
  count_starving(now);
  repeat(now, out);
  send_new(now, out);
  if (starved() && !starved_since_) {
    starved_since_ = now;
    if (sent_ == 0) retry_from_ = now;
  }
}

void Sender::repeat(TimePoint now, std::vector<std::string>& out) {
  const bool asks = sent_ == 0 && starved();
  const bool late = (sent_ > 0 || asks) && now >= retry_from_ + Duration{retry_us_};
  if (!late && !repeat_all_) return;
  if (asks) {
    // The acknowledgement that gave credit may be lost; one that was taken before is answered by another.
    DataFrame question;
    question.link = link_;
    question.sequence = acknowledged_;
    out.push_back(encode(question));
    ++counters_.repeated;
  }
  const std::size_t count = repeat_all_ ? sent_ : std::min<std::size_t>(sent_, 1);
  for (std::size_t i = 0; i < count; ++i) out.push_back(waiting_[i].frame);
  counters_.repeated += count;
  recovering_ = !repeat_all_ && sent_ > 0;
  repeat_all_ = false;
  if (late) retry_us_ = std::max(patience_us_, std::min(2 * retry_us_, kLongestWaitUs));
  retry_from_ = now;
}

void Sender::send_new(TimePoint now, std::vector<std::string>& out) {
  while (may_send_next()) {
    if (sent_ == 0) {
      retry_from_ = now;
      retry_us_ = patience_us_;
    }
    Waiting& next = waiting_[sent_];
    next.first_sent = now;
    out.push_back(next.frame);
    ++counters_.frames;
    counters_.bytes += next.content_bytes;
    counters_.bytes_before += next.plain_bytes;
    sent_bytes_ = next.plain_end;
    ++sent_;
  }
  note_room();
}

void Sender::count_starving(TimePoint now) {
  if (!starved_since_) return;
  counters_.no_credit_us += (now - *starved_since_).us;
  starved_since_ = now;
  if (!starved()) starved_since_.reset();
}

std::optional<TimePoint> Sender::next_deadline() const {
  if (repeat_all_) return retry_from_;
  if (sent_ > 0 || starved()) return retry_from_ + Duration{retry_us_};
  return std::nullopt;
}

void Sender::reconnected(TimePoint now) {
  retry_from_ = now;
  retry_us_ = patience_us_;
  repeat_all_ = sent_ > 0 || starved();
}

bool Sender::drained() const { return waiting_.empty(); }

Sender::Counters Sender::counters() const {
  Counters counters = counters_;
  counters.waiting_bytes = pushed_bytes_ - acknowledged_bytes_;
  return counters;
}

}  // namespace dart::engine::exchange
