#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "overlay/framing/frame.hpp"
#include "overlay/framing/hello.hpp"

using dart::overlay::framing::Frame;
using dart::overlay::framing::FrameDecoder;
using dart::overlay::framing::FrameFault;

namespace {

/// Every frame of `bytes` fed in pieces of `piece`, as text that can be compared.
std::vector<std::string> frames_of(std::string_view bytes, std::size_t piece, std::size_t limit,
                                   FrameFault& fault) {
  FrameDecoder decoder;
  decoder.set_limit(limit);
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    fault = decoder.feed(bytes.substr(at, piece), [&](const Frame& frame) {
      DART_CHECK(frame.payload.size() <= limit);
      frames.push_back(std::string{static_cast<char>(frame.type), static_cast<char>(frame.channel)} +
                       std::string(frame.payload));
      return true;
    });
    DART_CHECK(decoder.held() <= limit + dart::overlay::framing::kHeaderBytes);
  }
  return frames;
}

}  // namespace

/// However a stream is cut, the same frames and the same fault come out; what decodes encodes to itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const std::size_t limit = std::size_t{data[1]} * 8;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  FrameFault whole_fault = FrameFault::None;
  FrameFault cut_fault = FrameFault::None;
  const auto frames = frames_of(bytes, bytes.size() + 1, limit, whole_fault);
  DART_CHECK(frames == frames_of(bytes, piece, limit, cut_fault));
  DART_CHECK(whole_fault == cut_fault);
  for (const auto& frame : frames) {
    const std::string_view payload = std::string_view(frame).substr(2);
    if (const auto message = dart::overlay::framing::decode_message(payload)) {
      std::string again;
      dart::overlay::framing::append_message(again, static_cast<dart::overlay::framing::Channel>(frame[1]),
                                             *message);
      const auto decoded = dart::overlay::framing::decode_message(
          std::string_view(again).substr(dart::overlay::framing::kHeaderBytes));
      DART_CHECK(decoded && decoded->from_index == message->from_index && decoded->body == message->body);
    }
    if (const auto hello = dart::overlay::framing::decode_hello(payload)) {
      const auto again = dart::overlay::framing::decode_hello(dart::overlay::framing::encode_hello(*hello));
      DART_CHECK(again && again->endpoint == hello->endpoint && again->host == hello->host);
    }
  }
  return 0;
}
