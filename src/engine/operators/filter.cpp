#include <numeric>

#include "engine/evaluator.hpp"
#include "engine/operators/catalogue.hpp"

namespace dart::engine {

namespace {

/// Keeps the rows for which every conjunct is true. The conjuncts are tried in the order written; a row is
/// counted as dropped under the first that was not true (false or NULL), and as an error only where
/// evaluation got that far.
class FilterOperator final : public Operator {
 public:
  explicit FilterOperator(const NodeContext& context) {
    std::vector<std::string> names;
    for (const plan::Column& column : context.input(0).schema) names.push_back(column.name);
    for (const plan::ExpressionPtr& conjunct : context.kind<plan::Filter>().conjuncts) {
      conjuncts_.push_back({Evaluator(conjunct), &counters.dropped[plan::to_string(*conjunct, names)]});
    }
  }

  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override {
    bool all = true;  // selection_ not in use yet: every row is still in
    for (Conjunct& conjunct : conjuncts_) {
      errors_.clear();
      const Vector& passed = conjunct.evaluator.evaluate(chunk, errors_);
      const std::size_t before = all ? chunk.rows : selection_.size();
      const std::size_t failed = errors_.empty() ? 0 : drop_errors(chunk.rows, all);
      narrow(passed, chunk.rows, all);
      *conjunct.rejected += before - failed - (all ? chunk.rows : selection_.size());
      if (!all && selection_.empty()) return;
    }
    if (all) {
      out.chunk(chunk);
      return;
    }
    chunk.gather(selection_.data(), selection_.size(), result_);
    out.chunk(result_);
  }

 private:
  struct Conjunct {
    Evaluator evaluator;
    std::uint64_t* rejected;  // the counter of this conjunct's text
  };

  /// Takes the failed rows out of the selection; returns how many that were.
  std::size_t drop_errors(std::size_t rows, bool& all) {
    if (all) {
      selection_.resize(rows);
      std::iota(selection_.begin(), selection_.end(), 0U);
      all = false;
    }
    std::vector<const char*> reasons(rows, nullptr);
    for (const auto& mark : errors_.marks()) reasons[mark.row] = mark.reason;
    return std::erase_if(selection_, [&](std::uint32_t row) {
      if (reasons[row] == nullptr) return false;
      ++counters.errors[reasons[row]];
      return true;
    });
  }

  void narrow(const Vector& passed, std::size_t rows, bool& all) {
    if (passed.is_constant()) {
      if (!passed.is_null(0) && passed.at<std::uint8_t>(0) != 0) return;
      selection_.clear();
      all = false;
      return;
    }
    const auto* values = passed.data<std::uint8_t>();
    std::size_t count = 0;
    if (all) {
      selection_.resize(rows);
      for (std::uint32_t r = 0; r < rows; ++r) {
        selection_[count] = r;
        count += values[r] & valid(passed, r);
      }
    } else {
      for (const std::uint32_t r : selection_) {
        selection_[count] = r;
        count += values[r] & valid(passed, r);
      }
    }
    selection_.resize(count);
    all = all && count == rows;
  }

  static std::uint8_t valid(const Vector& vector, std::size_t row) {
    return static_cast<std::uint8_t>(!vector.is_null(row));
  }

  std::vector<Conjunct> conjuncts_;
  std::vector<std::uint32_t> selection_;
  columnar::RowErrors errors_;
  Chunk result_;
};

}  // namespace

Made make_filter(const NodeContext& context) { return std::make_unique<FilterOperator>(context); }

}  // namespace dart::engine
