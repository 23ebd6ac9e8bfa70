#include "engine/merge_operator.hpp"

namespace dart::engine {

void MergeOperator::on_chunk(std::size_t port, const Chunk& chunk, Output& out) {
  const Chunk located = locate(port, chunk);
  if (stepped_) {
    merge_.add(port, located);
    return;
  }
  take(port, located, 0, chunk.rows);
  finish_step(0);
  flush(out);
}

void MergeOperator::on_progress(std::size_t port, const Progress& progress, Output& out) {
  advance(merge_.progress(port, progress), out);
}

void MergeOperator::on_watermark(std::size_t port, EventTime watermark, Output&) {
  merge_.watermark(port, watermark);
}

void MergeOperator::on_end(std::size_t port, Output& out) {
  advance(merge_.end(port), out);
  if (!merge_.all_ended()) return;
  drain(INT64_MAX);
  flush(out);
  finish_input(passed_ + 1);
  flush(out);
  out.end();
}

void MergeOperator::snapshot(ByteWriter& out) const {
  out.fixed(passed_);
  write_state(out);
  merge_.snapshot(std::array{types_[0].size(), types_[1].size()}, out);
}

Status MergeOperator::restore(ByteReader& in) {
  DART_TRY(passed_, in.fixed<std::int64_t>());
  DART_TRY_STATUS(read_state(in));
  return merge_.restore(
      types_, in, [this](std::size_t port, const Chunk& chunk) { merge_.add(port, locate(port, chunk)); });
}

void MergeOperator::advance(const std::optional<Progress>& passed, Output& out) {
  if (!passed) return;
  drain(passed->last);
  flush(out);
  passed_ = passed->last;
  if (const auto watermark = merge_.risen_watermark()) {
    expire(*watermark, passed_);
    flush(out);
    out.watermark(*watermark);
  }
  out.progress(*passed);
}

void MergeOperator::drain(std::int64_t last) {
  std::int64_t open = 0;
  bool any = false;
  merge_.drain(
      last, [&](std::size_t port, const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t step) {
        if (any && step != open) finish_step(open);
        any = true;
        open = step;
        take(port, chunk, begin, end);
      });
  if (any) finish_step(open);
}

}  // namespace dart::engine
