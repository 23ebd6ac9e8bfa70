#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "engine/exchange/frame.hpp"

namespace dart::engine::exchange {

/// The receiving end of a link: takes each frame once and in order, and gives credit as what came is used up.
class Receiver {
 public:
  /// `window_bytes`: plain bytes that may be on their way or waiting here.
  Receiver(const LinkId& link, std::uint64_t window_bytes);

  /// The content, decompressed, when the frame is the next one; nothing when it was here before, or one is
  /// missing in front of it (the sender repeats), or the content goes on in the next frame. Wrong content is
  /// an Error: the link cannot go on.
  [[nodiscard]] Result<std::optional<std::string>> take(const DataFrame& frame);
  /// The instance has used up so many plain bytes.
  void consumed(std::uint64_t plain_bytes);
  /// An AckFrame when one is due: after what came, when credit grew by a quarter of the window, and when all
  /// is used up.
  [[nodiscard]] std::optional<AckFrame> poll(TimePoint now);

  struct Counters {
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;         ///< of content, as it came
    std::uint64_t bytes_before = 0;  ///< before compression
    std::uint64_t repeated = 0;      ///< heard again, not taken
    std::uint64_t ahead = 0;         ///< one was missing in front of it
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  /// Plain bytes that came and are not used up.
  [[nodiscard]] std::uint64_t waiting_bytes() const { return received_bytes_ - consumed_bytes_; }

 private:
  /// The instance has nothing, so a content in several frames can go on.
  [[nodiscard]] bool idle() const { return waiting_bytes() == gathered_.size(); }

  LinkId link_;
  std::uint64_t window_bytes_;
  std::uint64_t sequence_ = 0;
  std::string gathered_;  // the content whose last frame has not come
  std::uint64_t received_bytes_ = 0;
  std::uint64_t consumed_bytes_ = 0;
  std::uint64_t told_credit_;
  bool told_idle_ = false;
  bool ack_due_ = false;
  Counters counters_;
};

}  // namespace dart::engine::exchange
