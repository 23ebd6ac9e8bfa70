#pragma once

#include <memory>

#include "connectors/byte_stream.hpp"
#include "connectors/clocks.hpp"
#include "connectors/decoder.hpp"
#include "connectors/row_error_log.hpp"
#include "engine/connector.hpp"

namespace dart::connectors {

/// The reader of a table whose rows are records in a stream of bytes: a byte source and a decoder, put
/// together. Bytes are read into blocks of kBlockBytes that the rows' strings point into and keep alive.
class RecordSource : public engine::Source {
 public:
  static constexpr std::size_t kBlockBytes = 256 * 1024;

  RecordSource(const engine::ReadRequest& request, std::unique_ptr<ByteSource> bytes,
               std::unique_ptr<Decoder> decoder, Clocks clocks, std::size_t block_bytes = kBlockBytes);

  [[nodiscard]] Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows,
                                                 columnar::Chunk& out) override;
  [[nodiscard]] const std::map<std::string, std::uint64_t>& errors() const override {
    return errors_.counts();
  }
  [[nodiscard]] std::span<const engine::RowErrorSample> error_samples() const override {
    return errors_.samples();
  }
  [[nodiscard]] int ready_fd() const override { return bytes_->ready_fd(); }

 private:
  /// Reads more bytes behind those left over and feeds the decoder; false: nothing is there at the moment.
  Result<bool> refill();
  engine::ReadRequest request_;
  std::unique_ptr<ByteSource> bytes_;
  std::unique_ptr<Decoder> decoder_;
  Clocks clocks_;
  std::size_t block_bytes_;
  RowErrorLog errors_;
  bool hands_out_blocks_ = false;  // a requested column has strings
  std::shared_ptr<char[]> block_;
  std::size_t capacity_ = 0;  // bytes of block_ that may be filled
  std::size_t filled_ = 0;    // bytes of block_ in use
  std::int64_t next_seq_ = 1;
  bool ended_ = false;
};

/// Makes `out` ready for at most `rows` rows of the request.
void prepare_chunk(const engine::ReadRequest& request, std::size_t rows, columnar::Chunk& out);

}  // namespace dart::connectors
