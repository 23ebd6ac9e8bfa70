#include "columnar/window_bounds.hpp"
#include "engine/operators/catalogue.hpp"

namespace dart::engine {

namespace {

/// tumble and hop as rows: each input row once per window that holds its time, with window_start and
/// window_end behind its columns. A row without a time (NULL) is in no window and is counted.
class WindowAssignOperator final : public Operator {
 public:
  explicit WindowAssignOperator(const NodeContext& context)
      : window_(context.kind<plan::WindowAssign>()), time_type_(context.node().schema.back().type) {}

  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override {
    const Vector& times = chunk.columns[window_.time_column];
    rows_.clear();
    starts_.clear();
    for (std::uint32_t r = 0; r < chunk.rows; ++r) {
      if (times.is_null(r)) {
        ++counters.dropped["time is NULL"];
        continue;
      }
      const std::int64_t time = times.at<std::int64_t>(r);
      const std::int64_t last = columnar::align_down(time, window_.slide_us);
      for (std::int64_t start = columnar::first_window(time, window_.size_us, window_.slide_us);
           start <= last; start += window_.slide_us) {
        rows_.push_back(r);
        starts_.push_back(start);
      }
    }
    for (std::size_t begin = 0; begin < rows_.size(); begin += out.chunk_rows()) {
      emit(chunk, begin, std::min(out.chunk_rows(), rows_.size() - begin), out);
    }
  }

 private:
  void emit(const Chunk& chunk, std::size_t begin, std::size_t count, Output& out) {
    chunk.gather(rows_.data() + begin, count, result_);
    bounds_[0].reset(time_type_, count);
    bounds_[1].reset(time_type_, count);
    auto* starts = bounds_[0].mutable_data<std::int64_t>();
    auto* ends = bounds_[1].mutable_data<std::int64_t>();
    for (std::size_t k = 0; k < count; ++k) {
      starts[k] = starts_[begin + k];
      ends[k] = starts[k] + window_.size_us;
    }
    result_.columns.push_back(bounds_[0]);
    result_.columns.push_back(bounds_[1]);
    out.chunk(result_);
    result_.columns.resize(chunk.columns.size());
  }

  plan::WindowAssign window_;
  columnar::LogicalType time_type_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::int64_t> starts_;
  Vector bounds_[2];
  Chunk result_;
};

}  // namespace

Made make_window_assign(const NodeContext& context) {
  return std::make_unique<WindowAssignOperator>(context);
}

}  // namespace dart::engine
