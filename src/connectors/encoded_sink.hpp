#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/delay_histogram.hpp"
#include "connectors/byte_stream.hpp"
#include "connectors/clocks.hpp"
#include "connectors/encoder.hpp"
#include "engine/connector.hpp"

namespace dart::connectors {

/// The writer of a table whose rows go to a stream of bytes: an encoder and a byte sink, put together. Rows
/// gather in a buffer until flush, or until it holds kBufferBytes. Delays are filled in just before write(2),
/// when they are known, and kept for the report once it has returned.
class EncodedSink : public engine::Sink {
 public:
  static constexpr std::size_t kBufferBytes = 64 * 1024;

  /// `table` outlives the sink. What stands before the first row is there already when it appends.
  EncodedSink(const plan::TableDefinition& table, std::unique_ptr<Encoder> encoder,
              std::unique_ptr<ByteSink> bytes, Clocks clocks, SinkStart start);

  [[nodiscard]] Status write(const columnar::Chunk& chunk, const engine::Progress& progress) override;
  [[nodiscard]] Status flush() override;
  [[nodiscard]] Status finish() override;
  [[nodiscard]] std::uint64_t rows_written() const override { return rows_written_; }
  [[nodiscard]] const DelayHistogram* delays() const override { return &delays_; }

 private:
  struct Pending {
    std::size_t gap;  // npos: the table has no delay_column
    TimePoint origin;
  };

  const plan::TableDefinition& table_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<ByteSink> bytes_;
  Clocks clocks_;
  std::string buffer_;
  std::vector<Pending> pending_;
  DelayHistogram delays_;
  std::uint64_t rows_written_ = 0;
};

}  // namespace dart::connectors
