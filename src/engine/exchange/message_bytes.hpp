#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "columnar/types.hpp"
#include "engine/instance.hpp"

namespace dart::engine::exchange {

/// The layout of the rows of one exchange; both ends know it from the plan.
struct RowLayout {
  std::vector<columnar::LogicalType> types;
  bool weighted = false;
  bool stepped = false;
};

/// Appends one message without its exchange: chunk, progress, watermark, barrier or end.
void write_message(const Message& message, const RowLayout& layout, ByteWriter& out);
/// Wrong bytes in any way give an Error.
[[nodiscard]] Result<Message> read_message(const RowLayout& layout, ByteReader& in);

}  // namespace dart::engine::exchange
