#include "overlay/framing/frame.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace dart::overlay::framing {

namespace {

void append_header(std::string& out, FrameType type, Channel channel, std::size_t payload_bytes) {
  DART_CHECK(payload_bytes <= dart::limits::kFrameBytes);
  std::array<char, kHeaderBytes> header{};
  for (unsigned i = 0; i < 4; ++i) header[i] = static_cast<char>((payload_bytes >> (8 * i)) & 0xFF);
  header[4] = static_cast<char>(kFrameVersion);
  header[5] = static_cast<char>(type);
  header[6] = static_cast<char>(channel);
  out.append(header.data(), header.size());
}

std::uint8_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }

Frame frame_in(std::string_view whole) {
  return {static_cast<FrameType>(byte_at(whole, 5)), static_cast<Channel>(byte_at(whole, 6)),
          whole.substr(kHeaderBytes)};
}

}  // namespace

void append_frame(std::string& out, FrameType type, Channel channel, std::string_view payload) {
  append_header(out, type, channel, payload.size());
  out.append(payload);
}

std::size_t FrameDecoder::frame_size(std::string_view header) {
  std::size_t payload = 0;
  for (unsigned i = 0; i < 4; ++i) payload |= static_cast<std::size_t>(byte_at(header, i)) << (8 * i);
  if (byte_at(header, 4) != kFrameVersion) {
    fault_ = FrameFault::Version;
  } else if (byte_at(header, 6) >= kChannels || byte_at(header, 7) != 0) {
    fault_ = FrameFault::Header;
  } else if (payload > limit_) {
    fault_ = FrameFault::Oversized;
  }
  return kHeaderBytes + payload;
}

std::optional<Frame> FrameDecoder::next(std::string_view& bytes) {
  if (handed_out_) {
    // A long frame's memory is not kept for a quiet connection.
    held_ = std::string();
    handed_out_ = false;
  }
  if (held_.empty()) {
    if (bytes.size() >= kHeaderBytes) {
      const std::size_t size = frame_size(bytes);
      if (fault_ != FrameFault::None) return std::nullopt;
      if (bytes.size() >= size) {
        const Frame frame = frame_in(bytes.substr(0, size));
        bytes.remove_prefix(size);
        return frame;
      }
    }
    held_ = bytes;
    bytes = {};
    return std::nullopt;
  }
  if (held_.size() < kHeaderBytes) {
    const std::size_t more = std::min(kHeaderBytes - held_.size(), bytes.size());
    held_.append(bytes.substr(0, more));
    bytes.remove_prefix(more);
    if (held_.size() < kHeaderBytes) return std::nullopt;
  }
  const std::size_t size = frame_size(held_);
  if (fault_ != FrameFault::None) return std::nullopt;
  const std::size_t more = std::min(size - held_.size(), bytes.size());
  held_.append(bytes.substr(0, more));
  bytes.remove_prefix(more);
  if (held_.size() < size) return std::nullopt;
  handed_out_ = true;
  return frame_in(held_);
}

void append_message(std::string& out, Channel channel, const HostMessage& message) {
  ByteWriter index;
  index.varint(message.from_index);
  append_header(out, FrameType::Message, channel, index.bytes().size() + message.body.size());
  out.append(index.bytes());
  out.append(message.body);
}

std::optional<HostMessage> decode_message(std::string_view payload) {
  ByteReader reader(payload);
  const auto index = reader.varint();
  if (!index || *index > UINT32_MAX) return std::nullopt;
  return HostMessage{static_cast<std::uint32_t>(*index), payload.substr(payload.size() - reader.remaining())};
}

void append_no_such_node(std::string& out, const NodeId& id) {
  append_header(out, FrameType::NoSuchNode, Channel::Upkeep, 16);
  for (const std::uint64_t half : {id.high, id.low}) {
    for (unsigned i = 0; i < 8; ++i) out.push_back(static_cast<char>((half >> (56 - 8 * i)) & 0xFF));
  }
}

std::optional<NodeId> decode_no_such_node(std::string_view payload) {
  if (payload.size() != 16) return std::nullopt;
  NodeId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.high = (id.high << 8) | byte_at(payload, i);
    id.low = (id.low << 8) | byte_at(payload, 8 + i);
  }
  return id;
}

}  // namespace dart::overlay::framing
