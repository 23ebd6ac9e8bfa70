#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.hpp"
#include "engine/exchange/message_bytes.hpp"

namespace exchange = dart::engine::exchange;

namespace {

using dart::columnar::LogicalType;
using dart::columnar::TypeId;

/// By the first byte of the input: which columns, weights, steps.
exchange::RowLayout layout_of(std::uint8_t choice) {
  exchange::RowLayout layout;
  layout.weighted = (choice & 1U) != 0;
  layout.stepped = (choice & 2U) != 0;
  if ((choice & 4U) != 0) layout.types.push_back(LogicalType::of(TypeId::BigInt));
  if ((choice & 8U) != 0) layout.types.push_back(LogicalType::of(TypeId::Text));
  if ((choice & 16U) != 0) layout.types.push_back(LogicalType::of(TypeId::Bool));
  if ((choice & 32U) != 0) layout.types.push_back(LogicalType::of(TypeId::Double));
  if ((choice & 64U) != 0) layout.types.push_back(LogicalType::numeric(30, 2));
  return layout;
}

}  // namespace

/// A content that is read gives messages that keep what the engine relies on and come back as they are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const exchange::RowLayout layout = layout_of(data[0]);
  const exchange::LinkId link;
  const auto messages =
      exchange::read_content(link, layout, {reinterpret_cast<const char*>(data) + 1, size - 1});
  if (!messages) return 0;
  for (const auto& message : *messages) {
    if (const auto* chunk = std::get_if<dart::engine::Chunk>(&message.content)) {
      DART_CHECK(chunk->columns.size() == layout.types.size());
      chunk->verify();
    }
  }
  std::string bytes;
  for (const exchange::Content& content : exchange::write_contents(*messages, layout)) bytes += content.bytes;
  const auto again = exchange::read_content(link, layout, bytes);
  DART_CHECK(again && again->size() >= messages->size());
  return 0;
}
