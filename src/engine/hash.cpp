#include "engine/hash.hpp"

#include <cstring>

namespace dart::engine {

std::uint64_t hash_bytes(const char* data, std::size_t size) {
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL ^ size;
  while (size >= 16) {
    std::uint64_t a;
    std::uint64_t b;
    std::memcpy(&a, data, 8);
    std::memcpy(&b, data + 8, 8);
    hash = fold(hash ^ a, b ^ 0xD6E8FEB86659FD93ULL);
    data += 16;
    size -= 16;
  }
  std::uint64_t rest[2] = {0, 0};
  std::memcpy(rest, data, size);
  return fold(hash ^ rest[0], rest[1] ^ 0xD6E8FEB86659FD93ULL);
}

void hash_rows(std::span<const columnar::Vector* const> columns, std::size_t first, std::size_t rows,
               std::uint64_t* hashes) {
  bool combine = false;
  for (const columnar::Vector* column : columns) {
    columnar::visit_physical(column->type().physical(), [&](auto tag) {
      using T = decltype(tag);
      const bool nulls = column->has_nulls();
      for (std::size_t k = 0; k < rows; ++k) {
        const std::size_t r = first + k;
        const std::uint64_t h = nulls && column->is_null(r) ? kNullHash : hash_of(column->at<T>(r));
        hashes[k] = combine ? hash_combine(hashes[k], h) : h;
      }
    });
    combine = true;
  }
  if (combine) return;
  for (std::size_t k = 0; k < rows; ++k) hashes[k] = kNullHash;
}

}  // namespace dart::engine
