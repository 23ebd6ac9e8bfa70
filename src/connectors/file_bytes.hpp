#pragma once

#include <memory>
#include <string>

#include "connectors/byte_stream.hpp"

namespace dart::connectors {

/// A file, a pipe or standard input ("-"), for reading. A missing file, a directory or a forbidden one is an
/// Error that names the path. gzip and zstd are unpacked, known by the file's ending (.gz, .zst) or its first
/// bytes.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_file_for_reading(const std::string& path);

/// Whether bytes of this path come once, to whoever reads then: a pipe, a terminal, a serial line.
[[nodiscard]] bool comes_once(const std::string& path);

/// A file, made where it is missing, or standard output ("-"), for writing.
[[nodiscard]] Result<std::unique_ptr<ByteSink>> open_file_for_writing(const std::string& path,
                                                                      SinkStart start);

}  // namespace dart::connectors
