#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/byte_stream.hpp"

namespace dart::connectors {

enum class Compression : std::uint8_t { None, Gzip, Zstd };

/// By the first bytes where there are some, otherwise by the ending of the path.
[[nodiscard]] Compression compression_of(std::string_view path, std::string_view head);

/// A stream that unpacks `packed` on the way; itself for Compression::None. Several members behind each other
/// are read as one; a stream that ends inside one is an Error with `name`.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> decompressed(Compression compression,
                                                               std::unique_ptr<ByteSource> packed,
                                                               std::string name);

}  // namespace dart::connectors
