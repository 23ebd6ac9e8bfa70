#include "sim/traffic_meter.hpp"

namespace dart::sim {

namespace {

/// Of upkeep one message in so many is encoded.
constexpr std::uint64_t kUpkeepEvery = 32;

}  // namespace

void TrafficMeter::sent(const overlay::NodeHandle& from, const overlay::Send& send) {
  const MessageKind kind = kind_of(send.message);
  Counted& it = kinds_[kind];
  if (it.messages++ % kUpkeepEvery != 0 && is_upkeep(kind)) return;
  ++it.encoded;
  it.encoded_bytes +=
      overlay::encode(overlay::Envelope{from, send.to.id, send.to.nonce, send.message}).size();
}

Traffic TrafficMeter::of(MessageKind kind) const {
  const Counted& it = kinds_[kind];
  if (it.encoded == 0) return {};
  const double each = static_cast<double>(it.encoded_bytes) / static_cast<double>(it.encoded);
  return {it.messages, each * static_cast<double>(it.messages)};
}

Traffic TrafficMeter::all() const {
  Traffic sum;
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    const Traffic own = of(static_cast<MessageKind>(k));
    sum.messages += own.messages;
    sum.bytes += own.bytes;
  }
  return sum;
}

Traffic TrafficMeter::of_deploying() const {
  Traffic sum;
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    if (is_upkeep(static_cast<MessageKind>(k))) continue;
    const Traffic own = of(static_cast<MessageKind>(k));
    sum.messages += own.messages;
    sum.bytes += own.bytes;
  }
  return sum;
}

}  // namespace dart::sim
