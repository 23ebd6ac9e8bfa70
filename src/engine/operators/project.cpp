#include "engine/evaluator.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/row_errors.hpp"

namespace dart::engine {

namespace {

/// Computes one column an expression. A row with an expression that cannot be computed is left out and
/// counted.
class ProjectOperator final : public Operator {
 public:
  explicit ProjectOperator(const NodeContext& context) {
    for (const auto& expression : context.kind<plan::Project>().expressions)
      evaluators_.emplace_back(expression);
  }

  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override {
    errors_.clear();
    result_.columns.resize(evaluators_.size());
    for (std::size_t e = 0; e < evaluators_.size(); ++e) {
      result_.columns[e] = evaluators_[e].evaluate(chunk, errors_);
    }
    result_.rows = chunk.rows;
    result_.weights = chunk.weights;
    result_.steps = chunk.steps;
    if (errors_.empty()) {
      out.chunk(result_);
    } else {
      drop_failed_rows(errors_, chunk.rows, counters, selection_);
      Chunk kept;
      result_.gather(selection_.data(), selection_.size(), kept);
      out.chunk(kept);
    }
    // Let go of the shared bytes, so that scratch vectors here and above are written in place again.
    result_.columns.clear();
  }

 private:
  std::vector<Evaluator> evaluators_;
  std::vector<std::uint32_t> selection_;
  columnar::RowErrors errors_;
  Chunk result_;
};

}  // namespace

Made make_project(const NodeContext& context) { return std::make_unique<ProjectOperator>(context); }

}  // namespace dart::engine
