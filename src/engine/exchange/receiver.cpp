#include "engine/exchange/receiver.hpp"

#include <algorithm>
#include <utility>

#include "engine/exchange/compression.hpp"

namespace dart::engine::exchange {

namespace {

/// A content in several frames is at most as large as what may wait between two instances.
constexpr std::size_t kGatheredBytes = limits::kQueueBytes;

}  // namespace

Receiver::Receiver(const LinkId& link, std::uint64_t window_bytes)
    : link_(link),
      window_bytes_(std::max<std::uint64_t>(window_bytes, 1)),
      // Whoever opens the link may tell the sender of the whole window before anything came.
      told_credit_(window_bytes_) {}

Result<std::optional<std::string>> Receiver::take(const DataFrame& frame) {
  if (frame.link != link_) return fail(ErrorCode::Data, "a data frame of another link");
  ack_due_ = true;
  if (frame.sequence != sequence_ + 1) {
    ++(frame.sequence <= sequence_ ? counters_.repeated : counters_.ahead);
    return std::nullopt;
  }
  if (!idle() && received_bytes_ + frame.plain_bytes > told_credit_) {
    return fail(ErrorCode::Data, "a link sends beyond its credit");
  }
  if (gathered_.size() + frame.plain_bytes > kGatheredBytes) {
    return fail(ErrorCode::Data, "the content of a link is too large");
  }
  std::string content(frame.compressed ? std::string_view() : frame.bytes);
  if (frame.compressed) {
    DART_TRY(content, decompress(frame.bytes, frame.plain_bytes));
  }
  if (content.size() != frame.plain_bytes) {
    return fail(ErrorCode::Data, "a data frame tells a wrong size of its content");
  }
  sequence_ = frame.sequence;
  told_idle_ = false;
  received_bytes_ += content.size();
  ++counters_.frames;
  counters_.bytes += frame.bytes.size();
  counters_.bytes_before += content.size();
  if (frame.continues || !gathered_.empty()) {
    gathered_ += content;
    if (frame.continues) return std::nullopt;
    content = std::exchange(gathered_, {});
  }
  return content;
}

void Receiver::consumed(std::uint64_t plain_bytes) {
  consumed_bytes_ += std::min(plain_bytes, waiting_bytes() - gathered_.size());
}

std::optional<AckFrame> Receiver::poll(TimePoint /*now*/) {
  const std::uint64_t credit = consumed_bytes_ + window_bytes_;
  const bool grew = credit - told_credit_ >= std::max<std::uint64_t>(window_bytes_ / 4, 1);
  // Before anything came the sender does not wait for credit.
  const bool tells = sequence_ > 0 && (grew || (idle() && !told_idle_));
  if (!ack_due_ && !tells) return std::nullopt;
  ack_due_ = false;
  told_idle_ = idle();
  told_credit_ = credit;
  return AckFrame{link_, sequence_, credit, told_idle_};
}

}  // namespace dart::engine::exchange
