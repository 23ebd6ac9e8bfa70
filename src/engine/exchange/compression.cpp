#include "engine/exchange/compression.hpp"

#include <lz4.h>

namespace dart::engine::exchange {

namespace {

/// A shorter content is mostly the header of its frame: not worth a turn of the processor.
constexpr std::size_t kLeastBytes = 512;

}  // namespace

std::optional<std::string> compress(std::string_view plain) {
  if (plain.size() < kLeastBytes || plain.size() > LZ4_MAX_INPUT_SIZE) return std::nullopt;
  std::string out(plain.size() - plain.size() / 8, '\0');
  const int size = LZ4_compress_default(plain.data(), out.data(), static_cast<int>(plain.size()),
                                        static_cast<int>(out.size()));
  if (size <= 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Result<std::string> decompress(std::string_view bytes, std::size_t plain_bytes) {
  if (bytes.size() > LZ4_MAX_INPUT_SIZE || plain_bytes > LZ4_MAX_INPUT_SIZE) {
    return fail(ErrorCode::Data, "compressed bytes are too many");
  }
  std::string out(plain_bytes, '\0');
  const int size = LZ4_decompress_safe(bytes.data(), out.data(), static_cast<int>(bytes.size()),
                                       static_cast<int>(out.size()));
  if (size < 0 || static_cast<std::size_t>(size) != plain_bytes) {
    return fail(ErrorCode::Data, "compressed bytes that do not decompress to the size told");
  }
  return out;
}

}  // namespace dart::engine::exchange
