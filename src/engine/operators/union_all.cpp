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
      : types_(context.output_types()),
        merge_(context.node().inputs.size(), context.node().stepped),
        stepped_(context.node().stepped),
        weighted_(context.node().weighted),
        current_(context.node().inputs.size(), kNoChunk) {}

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

  void snapshot(ByteWriter& out) const override {
    merge_.snapshot(std::vector<std::size_t>(current_.size(), types_.size()), out);
  }
  Status restore(ByteReader& in) override {
    const std::vector<std::vector<columnar::LogicalType>> types(current_.size(), types_);
    return merge_.restore(types, in,
                          [this](std::size_t port, const Chunk& chunk) { merge_.add(port, chunk); });
  }

 private:
  void advance(const std::optional<Progress>& passed, Output& out) {
    if (!passed) return;
    drain(passed->last, out);
    if (const auto watermark = merge_.risen_watermark()) out.watermark(*watermark);
    out.progress(*passed);
  }

  /// Rows of one chunk that follow each other in the merged order.
  struct Run {
    std::size_t chunk;  // of held_
    std::size_t begin;
    std::size_t end;
  };

  void drain(std::int64_t last, Output& out) {
    current_.assign(current_.size(), kNoChunk);
    merge_.drain(last,
                 [&](std::size_t port, const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t) {
                   if (current_[port] == kNoChunk || begin == 0) {
                     current_[port] = held_.size();
                     held_.push_back(chunk);
                   }
                   if (!runs_.empty() && runs_.back().chunk == current_[port] && runs_.back().end == begin) {
                     runs_.back().end = end;
                   } else {
                     runs_.push_back({current_[port], begin, end});
                   }
                   rows_ += end - begin;
                   if (rows_ >= out.chunk_rows()) emit_runs(out);
                 });
    emit_runs(out);
    held_.clear();
  }

  /// The runs as one chunk: a run alone shares its bytes, several are copied together.
  void emit_runs(Output& out) {
    if (runs_.size() == 1) {
      const Run& run = runs_.front();
      pass(held_[run.chunk].slice(run.begin, run.end - run.begin), out);
    } else if (!runs_.empty()) {
      result_.rows = rows_;
      result_.columns.resize(types_.size());
      for (std::size_t c = 0; c < types_.size(); ++c) {
        result_.columns[c].reset(types_[c], rows_);
        copy_runs(result_.columns[c], [c](const Chunk& chunk) -> const Vector& { return chunk.columns[c]; });
      }
      if (weighted_) {
        result_.weights.reset(kBigInt, rows_);
        auto* weights = result_.weights.mutable_data<std::int64_t>();
        for (const Run& run : runs_) {
          for (std::size_t r = run.begin; r < run.end; ++r) *weights++ = held_[run.chunk].weight(r);
        }
      }
      result_.steps.reset(kBigInt, rows_);
      copy_runs(result_.steps, [](const Chunk& chunk) -> const Vector& { return chunk.steps; });
      out.chunk(result_);
    }
    runs_.clear();
    rows_ = 0;
  }

  template <class Pick>
  void copy_runs(Vector& to, Pick&& pick) {
    columnar::visit_physical(to.type().physical(), [&](auto tag) {
      using T = decltype(tag);
      T* out = to.mutable_data<T>();
      std::size_t at = 0;
      for (const Run& run : runs_) {
        const Vector& from = pick(held_[run.chunk]);
        for (std::size_t r = run.begin; r < run.end; ++r, ++at) {
          out[at] = from.at<T>(r);
          if (from.is_null(r)) to.set_null(at);
        }
      }
    });
    if (to.type().physical() != columnar::PhysicalType::String) return;
    for (const Chunk& chunk : held_) to.share_heap(pick(chunk));
  }

  /// An append-only input beside a changelog gets weights of 1.
  void pass(const Chunk& chunk, Output& out) {
    if (!weighted_ || chunk.weights.is_present()) {
      out.chunk(chunk);
      return;
    }
    Chunk with = chunk;
    with.weights.reset(kBigInt, chunk.rows);
    std::fill_n(with.weights.mutable_data<std::int64_t>(), chunk.rows, std::int64_t{1});
    out.chunk(with);
  }

  static constexpr std::size_t kNoChunk = SIZE_MAX;
  static constexpr auto kBigInt = columnar::LogicalType::of(columnar::TypeId::BigInt);

  std::vector<columnar::LogicalType> types_;
  StepMerge merge_;
  bool stepped_;
  bool weighted_;

  // of the drain at hand
  std::vector<Chunk> held_;
  std::vector<std::size_t> current_;  // by port: place in held_ of the chunk that its rows come from
  std::vector<Run> runs_;             // not yet emitted
  std::size_t rows_ = 0;              // in them
  Chunk result_;
};

}  // namespace

Made make_union_all(const NodeContext& context) { return std::make_unique<UnionAllOperator>(context); }

}  // namespace dart::engine
