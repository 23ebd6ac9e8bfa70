#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "base/node_id.hpp"

namespace dart::overlay::framing {

/// A frame is a header of 8 bytes and a payload: payload length (u32, little endian), layout version, type,
/// channel, and a byte that is zero. docs/protocol.md has the table; tests/golden/frames keeps one of each.
inline constexpr std::size_t kHeaderBytes = 8;
inline constexpr std::uint8_t kFrameVersion = 1;

enum class FrameType : std::uint8_t {
  Hello = 1,    ///< first frame of each side: who I am, which ring, a nonce
  Ready = 2,    ///< second frame of each side: the other's nonce, so that a recorded stream is worth nothing
  Message = 3,  ///< from one node to another (HostMessage)
  NoSuchNode = 4,  ///< an id that does not live here (any more)
  Refuse = 5,      ///< why the sender closes the connection, one byte (RefuseReason)
  Bye = 6,         ///< the sender closes the connection and lives on
};

/// What goes first when a connection is busy. Upkeep keeps the ring alive, so it never waits for data.
enum class Channel : std::uint8_t { Upkeep = 0, Control = 1, Data = 2 };
inline constexpr std::size_t kChannels = 3;

struct Frame {
  FrameType type = FrameType::Message;
  Channel channel = Channel::Upkeep;
  std::string_view payload;  ///< lives as long as the bytes it was decoded from
};

/// Why a stream of frames cannot go on.
enum class FrameFault : std::uint8_t {
  None,
  Oversized,  ///< longer than the limit of the moment
  Version,    ///< a layout that this program does not know
  Header,     ///< a channel or a reserved byte that cannot be
  Stopped,    ///< whoever takes the frames asked for no more
};

/// Appends one frame to `out`. The payload is within the limits: DART_CHECKed.
void append_frame(std::string& out, FrameType type, Channel channel, std::string_view payload);

/// Cuts a stream of bytes into frames. Holds bytes only while a frame is incomplete, and never more than one
/// header and the limit. A type that is not known is handed out as it is: a newer peer may send it.
class FrameDecoder {
 public:
  /// Payload bytes of the next frames at most; small until the peer is known.
  void set_limit(std::size_t payload_bytes) { limit_ = payload_bytes; }

  /// `take(const Frame&)` returns false to stop. Once a fault was returned every later call returns it.
  template <class Take>
  FrameFault feed(std::string_view bytes, Take&& take) {
    while (fault_ == FrameFault::None && !bytes.empty()) {
      const auto frame = next(bytes);
      if (frame && !take(*frame)) fault_ = FrameFault::Stopped;
    }
    return fault_;
  }
  /// Bytes of an incomplete frame.
  [[nodiscard]] std::size_t held() const { return held_.size(); }

 private:
  std::optional<Frame> next(std::string_view& bytes);
  /// The size of the frame that starts with this header; sets `fault_` when it cannot be one.
  std::size_t frame_size(std::string_view header);

  std::string held_;
  bool handed_out_ = false;  // the frame in held_ was handed out and can go
  std::size_t limit_ = dart::limits::kHelloBytes;
  FrameFault fault_ = FrameFault::None;
};

/// The payload of a Message frame. The sender is named by its index on its host: the receiver computes its id
/// from the host key that the connection proved, so nobody can write under another's id.
struct HostMessage {
  std::uint32_t from_index = 0;
  std::string_view body;
};
void append_message(std::string& out, Channel channel, const HostMessage& message);
/// Empty when the bytes are too short.
[[nodiscard]] std::optional<HostMessage> decode_message(std::string_view payload);

/// The payload of a NoSuchNode frame.
void append_no_such_node(std::string& out, const NodeId& id);
[[nodiscard]] std::optional<NodeId> decode_no_such_node(std::string_view payload);

}  // namespace dart::overlay::framing
