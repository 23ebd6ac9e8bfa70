#include "connectors/encoded_sink.hpp"

#include <fmt/format.h>

#include <utility>

namespace dart::connectors {

EncodedSink::EncodedSink(const plan::TableDefinition& table, std::unique_ptr<Encoder> encoder,
                         std::unique_ptr<ByteSink> bytes, Clocks clocks, SinkStart start)
    : table_(table), encoder_(std::move(encoder)), bytes_(std::move(bytes)), clocks_(std::move(clocks)) {
  buffer_.reserve(kBufferBytes + kBufferBytes / 4);
  if (start == SinkStart::Anew) encoder_->begin(buffer_);
}

Status EncodedSink::write(const columnar::Chunk& chunk, const engine::Progress& progress) {
  const std::int64_t* steps = chunk.step_data();
  for (std::size_t row = 0; row < chunk.rows; ++row) {
    const TimePoint origin = steps != nullptr ? progress.origin(steps[row]) : progress.origin_first;
    const std::int64_t weight = chunk.weight(row);
    if (weight < 0 && !table_.op_column) {
      return fail(ErrorCode::Unsupported,
                  fmt::format("table \"{}\": a row is taken back, which a {} cannot do", table_.name,
                              table_.connector),
                  std::nullopt, "add op_column to write every change as a row");
    }
    for (std::int64_t copies = weight < 0 ? -weight : weight; copies > 0; --copies) {
      const std::size_t gap = encoder_->row(chunk, row, weight < 0 ? '-' : '+', buffer_);
      pending_.push_back({gap, origin});
      if (buffer_.size() >= kBufferBytes) DART_TRY_STATUS(flush());
    }
  }
  return {};
}

Status EncodedSink::flush() {
  if (buffer_.empty()) return {};
  const TimePoint before = clocks_.monotonic();
  for (const Pending& row : pending_) {
    if (row.gap != std::string::npos) fill_delay_gap((before - row.origin).us, buffer_.data() + row.gap);
  }
  DART_TRY_STATUS(bytes_->write(buffer_));
  const TimePoint after = clocks_.monotonic();
  for (const Pending& row : pending_) delays_.record((after - row.origin).us);
  rows_written_ += pending_.size();
  pending_.clear();
  buffer_.clear();
  return {};
}

Status EncodedSink::finish() {
  DART_TRY_STATUS(flush());
  return bytes_->close();
}

}  // namespace dart::connectors
