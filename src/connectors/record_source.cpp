#include "connectors/record_source.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dart::connectors {

using engine::ReadOutcome;

void prepare_chunk(const engine::ReadRequest& request, std::size_t rows, columnar::Chunk& out) {
  out.columns.resize(request.columns.size());
  for (std::size_t c = 0; c < request.columns.size(); ++c) {
    out.columns[c].reset(request.table->columns[request.columns[c]].type, rows);
  }
  out.weights = columnar::Vector();
  if (request.want_steps) {
    out.steps.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), rows);
  } else {
    out.steps = columnar::Vector();
  }
  out.rows = 0;
}

RecordSource::RecordSource(const engine::ReadRequest& request, std::unique_ptr<ByteSource> bytes,
                           std::unique_ptr<Decoder> decoder, Clocks clocks, std::size_t block_bytes)
    : request_(request),
      bytes_(std::move(bytes)),
      decoder_(std::move(decoder)),
      clocks_(std::move(clocks)),
      block_bytes_(block_bytes) {
  hands_out_blocks_ = std::any_of(request_.columns.begin(), request_.columns.end(), [&](std::uint32_t c) {
    return request_.table->columns[c].type.physical() == columnar::PhysicalType::String;
  });
}

Result<ReadOutcome> RecordSource::read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) {
  prepare_chunk(request_, max_rows, out);
  RowBatch batch{out, 0, request_.want_steps ? out.steps.mutable_data<std::int64_t>() : nullptr, next_seq_};
  // Bad records give no rows; a file full of them must not hold its caller for long.
  const std::int64_t seq_limit =
      next_seq_ + static_cast<std::int64_t>(std::max<std::size_t>(2 * max_rows, 4096));
  ReadOutcome outcome;
  bool starved = false;
  while (batch.rows < max_rows && batch.next_seq < seq_limit) {
    if (decoder_->decode(max_rows - batch.rows, batch, errors_) > 0) continue;
    if (ended_) {
      outcome.end = true;
      break;
    }
    DART_TRY(const bool got, refill());
    if (!got) {
      starved = true;
      break;
    }
  }
  out.rows = batch.rows;
  outcome.rows = batch.rows;
  outcome.first_seq = next_seq_;
  outcome.last_seq = batch.next_seq - 1;
  next_seq_ = batch.next_seq;
  outcome.origin_first = outcome.origin_last = now;
  outcome.read_at_us = clocks_.wall_us();
  if (batch.rows == 0 && !outcome.end && !starved) outcome.wake_at = now;
  return outcome;
}

Result<bool> RecordSource::refill() {
  const std::size_t left = decoder_->left_over();
  // Going on in the same block saves copying what is left over, and blocks when little comes at a time.
  if (capacity_ - filled_ < block_bytes_ / 4) {
    const std::size_t wanted = left + block_bytes_;
    std::shared_ptr<char[]> next = block_;
    if (hands_out_blocks_ || wanted > capacity_) {
      capacity_ = wanted + block_bytes_ / 4;
      next = std::make_shared_for_overwrite<char[]>(capacity_ + kDecoderPadding);
    }
    if (left > 0) std::memmove(next.get(), block_.get() + filled_ - left, left);
    block_ = std::move(next);
    filled_ = left;
  }
  DART_TRY(const ByteRead got, bytes_->read(block_.get() + filled_, capacity_ - filled_));
  if (got.bytes == 0 && !got.end) return false;
  filled_ += got.bytes;
  ended_ = got.end;
  const std::size_t size = left + got.bytes;
  decoder_->feed({block_, block_.get() + filled_ - size, size, ended_});
  return true;
}

}  // namespace dart::connectors
