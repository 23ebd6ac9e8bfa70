#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dart::connectors {

struct ByteRead {
  std::size_t bytes = 0;
  bool end = false;  ///< bytes == 0 and not end: nothing is there at the moment
};

/// Where the bytes of records come from.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Writes at most `room` (> 0) bytes to `into`; never waits for a pipe or a terminal.
  [[nodiscard]] virtual Result<ByteRead> read(char* into, std::size_t room) = 0;
  /// Turns readable when more has come; -1 when reading never has to wait.
  [[nodiscard]] virtual int ready_fd() const { return -1; }
};

/// What becomes of the bytes that are there when a sink is opened.
enum class SinkStart : std::uint8_t {
  Anew,    ///< they go
  Append,  ///< they stay: the sink goes on where another of the same rows stood
};

/// Where the bytes of encoded rows go to.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Returns when the operating system has taken all of it.
  [[nodiscard]] virtual Status write(std::string_view bytes) = 0;
  /// Reports what only closing finds out. Nothing may be written afterwards.
  [[nodiscard]] virtual Status close() = 0;
};

}  // namespace dart::connectors
