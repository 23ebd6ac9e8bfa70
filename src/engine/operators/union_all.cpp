#include <algorithm>

#include "engine/operators/catalogue.hpp"
#include "engine/step_merge.hpp"

namespace dart::engine {

namespace {

/// UNION ALL. Where steps matter the inputs' rows are put into one order by step; otherwise they pass as they
/// come.
class UnionAllOperator final : public Operator {
 public:
  explicit UnionAllOperator(const NodeContext& context)
      : merge_(context.node().inputs.size(), context.node().stepped),
        stepped_(context.node().stepped),
        weighted_(context.node().weighted) {}

  void on_chunk(std::size_t port, const Chunk& chunk, Output& out) override {
    if (stepped_) {
      merge_.add(port, chunk);
    } else {
      pass(chunk, out);
    }
  }

  void on_progress(std::size_t port, const Progress& progress, Output& out) override {
    advance(merge_.progress(port, progress), out);
  }

  void on_watermark(std::size_t port, EventTime watermark, Output&) override {
    merge_.watermark(port, watermark);
  }

  void on_end(std::size_t port, Output& out) override {
    advance(merge_.end(port), out);
    if (!merge_.all_ended()) return;
    drain(INT64_MAX, out);
    out.end();
  }

 private:
  void advance(const std::optional<Progress>& passed, Output& out) {
    if (!passed) return;
    drain(passed->last, out);
    if (const auto watermark = merge_.risen_watermark()) out.watermark(*watermark);
    out.progress(*passed);
  }

  void drain(std::int64_t last, Output& out) {
    merge_.drain(last, [&](std::size_t, const Chunk& chunk, std::size_t begin, std::size_t end,
                           std::int64_t) { pass(chunk.slice(begin, end - begin), out); });
  }

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
