#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/connector.hpp"
#include "engine/operator.hpp"

namespace dart::engine {

/// The end of a query: hands finished steps' rows to the table's writer. An error of the writer ends the
/// query.
class SinkOperator final : public Operator {
 public:
  explicit SinkOperator(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {}

  void on_chunk(std::size_t port, const Chunk& chunk, Output& out) override;
  void on_progress(std::size_t port, const Progress& progress, Output& out) override;
  void on_watermark(std::size_t, EventTime, Output&) override {}
  void on_end(std::size_t port, Output& out) override;

  /// What was written becomes visible: nothing more is waiting just now.
  [[nodiscard]] Status pause();
  /// Closes the writer of a query that ends before its input does.
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] const Sink& sink() const { return *sink_; }

 private:
  void write(Output& out);

  std::unique_ptr<Sink> sink_;
  std::vector<Chunk> waiting_;  // rows whose steps may not be over
  Progress progress_;
  bool finished_ = false;
  bool failed_ = false;
};

}  // namespace dart::engine
