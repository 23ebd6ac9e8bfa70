#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/limits.hpp"
#include "base/node_id.hpp"
#include "base/result.hpp"

namespace dart::engine::exchange {

/// One direction of one exchange between two instances of one query. Many share one connection.
struct LinkId {
  Key query;
  std::uint64_t epoch = 0;
  std::uint32_t exchange = 0;  ///< index into Distribution::exchanges
  std::uint32_t sender = 0;    ///< number of the sending instance within its stage
  std::uint32_t receiver = 0;
  friend auto operator<=>(const LinkId&, const LinkId&) = default;
};

/// Messages of the link in order, from sequence number `sequence` (the first of a link is 1); one frame is
/// one number. `bytes` is what write_message made, several messages behind one another, compressed where it
/// pays. A content too large for one frame goes in several, behind one another.
struct DataFrame {
  LinkId link;
  std::uint64_t sequence = 0;
  bool compressed = false;
  std::uint32_t plain_bytes = 0;  ///< of the content before compression
  std::string_view bytes;
  bool continues = false;  ///< the next frame goes on with the same content
};
/// Plain bytes of one DataFrame at most.
inline constexpr std::size_t kFramePlainBytes = limits::kFrameBytes / 2;

/// Everything up to `sequence` has arrived in order; the sender may have sent `credit_bytes` in all since the
/// link began (plain bytes), and no more, except one frame at a time as long as nothing waits at the
/// receiver: so frames larger than its window arrive too.
struct AckFrame {
  LinkId link;
  std::uint64_t sequence = 0;
  std::uint64_t credit_bytes = 0;
  bool idle = false;  ///< all up to `sequence` is used up
};
/// The sender of a frame for `query` under an older epoch than `epoch` must stop.
struct FencedFrame {
  Key query;
  std::uint64_t epoch = 0;
};
/// Give me rows of a query's output from number `first` of run `run` on.
struct FetchRowsFrame {
  std::uint64_t request = 0;
  Key query;
  std::uint64_t run = 0;
  std::uint64_t first = 0;
};
struct RowsFrame {
  std::uint64_t request = 0;
  bool known = false;  ///< the query's output is here
  std::uint64_t run = 0;
  std::uint64_t first = 0;
  std::uint64_t missed = 0;
  bool ended = false;
  std::vector<std::string_view> lines;
};
/// Give me bytes of what an instance held behind a barrier, from `offset` on.
struct FetchStateFrame {
  std::uint64_t request = 0;
  Key query;
  std::uint64_t epoch = 0;
  std::uint64_t barrier = 0;
  std::uint32_t stage = 0;
  std::uint32_t number = 0;
  std::uint64_t offset = 0;
};
struct StateFrame {
  std::uint64_t request = 0;
  bool known = false;
  std::uint64_t total = 0;
  std::uint64_t offset = 0;
  std::string_view bytes;
};

using Frame =
    std::variant<DataFrame, AckFrame, FencedFrame, FetchRowsFrame, RowsFrame, FetchStateFrame, StateFrame>;

/// At most limits::kFrameBytes less the frame header of the transport: content is cut to fit by whoever makes
/// it.
[[nodiscard]] std::string encode(const Frame& frame);
/// Views point into `bytes`. Wrong bytes in any way give an Error.
[[nodiscard]] Result<Frame> decode(std::string_view bytes);

}  // namespace dart::engine::exchange
