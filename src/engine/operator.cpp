#include "engine/operator.hpp"

#include <algorithm>
#include <utility>

namespace dart::engine {

void Operator::on_progress(std::size_t, const Progress& progress, Output& out) { out.progress(progress); }

void Operator::on_watermark(std::size_t, EventTime watermark, Output& out) { out.watermark(watermark); }

void Operator::on_end(std::size_t, Output& out) { out.end(); }

void Operator::hand_on(Output&) {}

void Operator::snapshot(ByteWriter&) const {}

Status Operator::restore(ByteReader&) { return {}; }

template <class Call>
void Output::timed(Operator& to, Call&& call) {
  if (clock_ == nullptr) {
    call();
    return;
  }
  const std::int64_t outer = std::exchange(*nested_ns_, 0);
  const std::int64_t begin = clock_();
  call();
  const std::int64_t spent = clock_() - begin;
  to.counters.busy_ns += spent - *nested_ns_;
  *nested_ns_ = outer + spent;
}

void Output::chunk(const Chunk& chunk, std::size_t output) {
  if (chunk.rows == 0) return;
  if (chunk.rows > chunk_rows_) {
    for (std::size_t begin = 0; begin < chunk.rows; begin += chunk_rows_) {
      this->chunk(chunk.slice(begin, std::min(chunk_rows_, chunk.rows - begin)), output);
    }
    return;
  }
#ifdef DART_DEBUG_CHECKS
  chunk.verify();
#endif
  if (output == 0) counters_->rows_out += chunk.rows;
  for (const Edge& edge : edges_[output]) {
    edge.to->counters.rows_in += chunk.rows;
    ++edge.to->counters.chunks_in;
    timed(*edge.to, [&] { edge.to->on_chunk(edge.port, chunk, *edge.next); });
  }
}

void Output::progress(const Progress& progress) {
  for (const auto& edges : edges_) {
    for (const Edge& edge : edges) {
      timed(*edge.to, [&] { edge.to->on_progress(edge.port, progress, *edge.next); });
    }
  }
}

void Output::watermark(EventTime watermark) {
  counters_->watermark = watermark;
  for (const auto& edges : edges_) {
    for (const Edge& edge : edges) {
      timed(*edge.to, [&] { edge.to->on_watermark(edge.port, watermark, *edge.next); });
    }
  }
}

void Output::end() {
  for (const auto& edges : edges_) {
    for (const Edge& edge : edges) {
      timed(*edge.to, [&] { edge.to->on_end(edge.port, *edge.next); });
    }
  }
}

void Output::fail(Error error) { failures_->push_back(std::move(error)); }

}  // namespace dart::engine
