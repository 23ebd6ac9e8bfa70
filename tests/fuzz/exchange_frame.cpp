#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.hpp"
#include "engine/exchange/frame.hpp"
#include "engine/exchange/receiver.hpp"
#include "engine/exchange/sender.hpp"

namespace exchange = dart::engine::exchange;

namespace {

constexpr std::uint64_t kWindow = 4096;

/// Both ends of a link that hear what a stranger says.
void hear(const exchange::Frame& frame) {
  if (const auto* data = std::get_if<exchange::DataFrame>(&frame)) {
    exchange::Receiver receiver(data->link, kWindow);
    exchange::DataFrame first = *data;
    first.sequence = 1;
    const auto content = receiver.take(first);
    if (content && *content) {
      DART_CHECK((*content)->size() == data->plain_bytes);
      receiver.consumed((*content)->size());
    }
    if (const auto ack = receiver.poll({})) DART_CHECK(ack->sequence <= 1);
  } else if (const auto* ack = std::get_if<exchange::AckFrame>(&frame)) {
    exchange::Sender sender(ack->link);
    for (int i = 0; i < 3; ++i) sender.push(std::string(100, 'a'), 1);
    std::vector<std::string> out;
    for (std::int64_t turn = 0; turn < 4; ++turn) {
      sender.poll({turn}, out);
      sender.on_ack({turn}, *ack);
    }
    DART_CHECK(out.size() <= 3 && sender.counters().waiting_bytes <= 300);
  }
}

}  // namespace

/// Bytes that are a frame are the same frame again once encoded; neither end of a link is brought down by
/// one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto frame = exchange::decode({reinterpret_cast<const char*>(data), size});
  if (!frame) return 0;
  const std::string bytes = exchange::encode(*frame);
  const auto again = exchange::decode(bytes);
  DART_CHECK(again && exchange::encode(*again) == bytes);
  hear(*frame);
  return 0;
}
