#include "runtime/mailbox.hpp"

namespace dart::runtime {

namespace {

std::size_t long_string_bytes(const columnar::Vector& column, std::size_t rows) {
  const auto* strings = column.data<columnar::StringRef>();
  std::size_t bytes = 0;
  for (std::size_t r = 0; r < (column.is_constant() ? 1 : rows); ++r) {
    if (!column.is_null(r) && !strings[r].is_inline()) bytes += strings[r].size();
  }
  return bytes;
}

}  // namespace

MessageSize size_of(const engine::Message& message) {
  const auto* chunk = std::get_if<columnar::Chunk>(&message.content);
  if (chunk == nullptr || chunk->rows == 0) return {};
  MessageSize size{chunk->rows, 0};
  for (const auto& column : chunk->columns) {
    const auto physical = column.type().physical();
    size.bytes += columnar::width_of(physical) * (column.is_constant() ? 1 : chunk->rows);
    if (physical == columnar::PhysicalType::String) size.bytes += long_string_bytes(column, chunk->rows);
  }
  for (const auto* hidden : {&chunk->weights, &chunk->steps}) {
    if (hidden->is_present()) size.bytes += sizeof(std::int64_t) * chunk->rows;
  }
  return size;
}

}  // namespace dart::runtime
