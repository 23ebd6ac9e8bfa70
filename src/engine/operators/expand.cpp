#include "engine/evaluator.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/row_errors.hpp"

namespace dart::engine {

namespace {

/// LATERAL (VALUES ...): each input row once per list, the list's values behind its columns. The lists of one
/// row come one after the other, so that row order and steps stay as they were.
class ExpandOperator final : public Operator {
 public:
  explicit ExpandOperator(const NodeContext& context) {
    for (const auto& list : context.kind<plan::Expand>().lists) {
      lists_.emplace_back();
      for (const plan::ExpressionPtr& expression : list) lists_.back().emplace_back(expression);
    }
    const auto types = context.output_types();
    added_.assign(types.end() - static_cast<std::ptrdiff_t>(lists_.front().size()), types.end());
  }

  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override {
    const std::size_t per_row = std::max<std::size_t>(1, out.chunk_rows() / lists_.size());
    for (std::size_t begin = 0; begin < chunk.rows; begin += per_row) {
      expand(chunk.slice(begin, std::min(per_row, chunk.rows - begin)), out);
    }
  }

 private:
  void expand(const Chunk& chunk, Output& out) {
    const std::size_t lists = lists_.size();
    const std::size_t total = chunk.rows * lists;
    rows_.resize(total);
    for (std::size_t k = 0; k < total; ++k) rows_[k] = static_cast<std::uint32_t>(k / lists);
    chunk.gather(rows_.data(), total, result_);
    const std::size_t width = result_.columns.size();
    result_.columns.resize(width + added_.size());
    columnar::RowErrors errors;
    for (std::size_t c = 0; c < added_.size(); ++c) {
      Vector& column = result_.columns[width + c];
      column.reset(added_[c], total);
      for (std::size_t l = 0; l < lists; ++l) {
        columnar::RowErrors own;
        scatter(lists_[l][c].evaluate(chunk, own), chunk.rows, l, column);
        for (const auto& mark : own.marks()) errors.mark(mark.row * lists + l, mark.reason);
      }
    }
    if (errors.empty()) {
      out.chunk(result_);
    } else {
      drop_failed_rows(errors, total, counters, selection_);
      Chunk kept;
      result_.gather(selection_.data(), selection_.size(), kept);
      out.chunk(kept);
    }
    result_.columns.clear();
  }

  /// Row r of `value` goes to row r * lists + list of `column`.
  void scatter(const Vector& value, std::size_t rows, std::size_t list, Vector& column) {
    columnar::visit_physical(column.type().physical(), [&](auto tag) {
      using T = decltype(tag);
      T* to = column.mutable_data<T>();
      for (std::size_t r = 0; r < rows; ++r) {
        const std::size_t place = r * lists_.size() + list;
        to[place] = value.is_null(r) ? T{} : value.at<T>(r);
        if (value.is_null(r)) column.set_null(place);
      }
    });
    if (column.type().physical() == columnar::PhysicalType::String) column.share_heap(value);
  }

  std::vector<std::vector<Evaluator>> lists_;
  std::vector<columnar::LogicalType> added_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> selection_;
  Chunk result_;
};

}  // namespace

Made make_expand(const NodeContext& context) { return std::make_unique<ExpandOperator>(context); }

}  // namespace dart::engine
