#include "engine/step_operator.hpp"

#include <algorithm>

namespace dart::engine {

void StepOperator::close_step() {
  if (!open_) return;
  finish_step(*open_);
  open_.reset();
}

void StepOperator::on_chunk(std::size_t, const Chunk& chunk, Output& out) {
  prepare(chunk);
  const std::int64_t* steps = chunk.step_data();
  if (steps == nullptr) {
    open_ = 0;
    apply(chunk, 0, chunk.rows, 0);
    flush(out);
    return;
  }
  std::size_t begin = 0;
  while (begin < chunk.rows) {
    const std::int64_t step = steps[begin];
    std::size_t end = begin + 1;
    while (end < chunk.rows && steps[end] == step) ++end;
    if (open_ && *open_ != step) close_step();
    open_ = step;
    last_step_ = step;
    apply(chunk, begin, end, step);
    begin = end;
  }
  flush(out);
}

void StepOperator::on_progress(std::size_t, const Progress& progress, Output& out) {
  last_step_ = std::max(last_step_, progress.last + 1);
  if (open_ && *open_ <= progress.last) {
    close_step();
    flush(out);
  }
  out.progress(progress);
}

void StepOperator::on_watermark(std::size_t, EventTime watermark, Output& out) {
  close_step();
  flush(out);
  expire(watermark, last_step_);
  flush(out);
  out.watermark(watermark);
}

void StepOperator::snapshot(ByteWriter& out) const {
  out.fixed(last_step_);
  write_state(out);
}

Status StepOperator::restore(ByteReader& in) {
  DART_TRY(last_step_, in.fixed<std::int64_t>());
  return read_state(in);
}

void StepOperator::on_end(std::size_t, Output& out) {
  close_step();
  flush(out);
  finish_input(out);
  out.end();
}

}  // namespace dart::engine
