#include "engine/operators/sink.hpp"

#include "engine/operators/catalogue.hpp"

namespace dart::engine {

void SinkOperator::on_chunk(std::size_t, const Chunk& chunk, Output&) {
  if (!failed_) waiting_.push_back(chunk);
}

void SinkOperator::on_progress(std::size_t, const Progress& progress, Output& out) {
  progress_ = progress;
  write(out);
}

void SinkOperator::write(Output& out) {
  for (const Chunk& chunk : waiting_) {
    if (failed_) break;
    if (Status status = sink_->write(chunk, progress_); !status) {
      failed_ = true;
      out.fail(std::move(status).error());
    }
  }
  waiting_.clear();
}

void SinkOperator::on_end(std::size_t, Output& out) {
  write(out);
  if (failed_) return;
  finished_ = true;
  if (Status status = sink_->finish(); !status) out.fail(std::move(status).error());
}

Status SinkOperator::pause() {
  if (failed_ || finished_) return {};
  return sink_->flush();
}

Made make_sink(const NodeContext& context) {
  const plan::TableDefinition& table = context.plan.tables[context.kind<plan::Sink>().table];
  DART_TRY(std::unique_ptr<Sink> sink, context.connectors.open_sink(table));
  return std::make_unique<SinkOperator>(std::move(sink));
}

}  // namespace dart::engine
