#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "columnar/types.hpp"
#include "engine/exchange/frame.hpp"
#include "engine/instance.hpp"

namespace dart::engine::exchange {

/// The layout of the rows of one exchange; both ends know it from the plan.
struct RowLayout {
  std::vector<columnar::LogicalType> types;
  bool weighted = false;
  bool stepped = false;
};

/// Appends one message without its exchange: chunk, progress, watermark, barrier or end. A chunk gets weights
/// (+1) where the layout has them, and loses them where it has none; steps must be there where the layout has
/// them. One without rows says nothing and is left out.
void write_message(const Message& message, const RowLayout& layout, ByteWriter& out);
/// Wrong bytes in any way give an Error.
[[nodiscard]] Result<Message> read_message(const RowLayout& layout, ByteReader& in);

/// What goes to Sender::push at once.
struct Content {
  std::string bytes;
  std::uint64_t rows = 0;
};
/// Plain bytes that a content is filled to, about.
inline constexpr std::size_t kContentBytes = 64U << 10;

/// The messages in order, large chunks cut between rows, so that a content stays within one frame as long as
/// each single row does.
[[nodiscard]] std::vector<Content> write_contents(std::span<const Message> messages, const RowLayout& layout);
/// All messages of a content, as of the link that it came over. Wrong bytes in any way give an Error.
[[nodiscard]] Result<std::vector<Message>> read_content(const LinkId& link, const RowLayout& layout,
                                                        std::string_view content);

}  // namespace dart::engine::exchange
