#include <algorithm>

#include "engine/operators/catalogue.hpp"
#include "engine/step_merge.hpp"

namespace dart::engine {

namespace {

/// UNION ALL. Where steps matter the inputs' rows are put into one order by step; otherwise they pass as they come.
class UnionAllOperator final : public Operator {
 public:
  explicit UnionAllOperator(const NodeContext& context)
      : merge_(context.node().inputs.size()), stepped_(context.node().stepped), weighted_(context.node().weighted) {}

  void on_chunk(std::size_t port, const Chunk& chunk, Output& out) override {
    if (stepped_) {
      merge_.add(port, chunk);
    } else {
      pass(chunk, out);
    }
  }

  void on_progress(std::size_t port, const Progress& progress, Output& out) override {
    const auto passed = merge_.progress(port, progress);
    if (!passed) return;
    merge_.drain(passed->last, [&](std::size_t, const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) {
      pass(chunk.slice(begin, end - begin), out);
    });
    out.progress(*passed);
  }

  void on_watermark(std::size_t port, EventTime watermark, Output& out) override {
    if (const auto least = merge_.watermark(port, watermark)) out.watermark(*least);
  }

  void on_end(std::size_t port, Output& out) override {
    merge_.end(port);
    if (!merge_.all_ended()) return;
    merge_.drain(INT64_MAX, [&](std::size_t, const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) {
      pass(chunk.slice(begin, end - begin), out);
    });
    out.end();
  }

 private:
  /// An append-only input beside a changelog gets weights of 1.
  void pass(const Chunk& chunk, Output& out) {
    if (!weighted_ || chunk.weights.is_present()) {
      out.chunk(chunk);
      return;
    }
    Chunk with = chunk;
    with.weights.reset(columnar::LogicalType::of(columnar::TypeId::BigInt), chunk.rows);
    std::fill_n(with.weights.mutable_data<std::int64_t>(), chunk.rows, std::int64_t{1});
    out.chunk(with);
  }

  StepMerge merge_;
  bool stepped_;
  bool weighted_;
};

}  // namespace

Made make_union_all(const NodeContext& context) { return std::make_unique<UnionAllOperator>(context); }

}  // namespace dart::engine
