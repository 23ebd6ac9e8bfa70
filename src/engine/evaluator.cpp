#include "engine/evaluator.hpp"

#include <algorithm>

namespace dart::engine {

using columnar::Chunk;
using columnar::RowErrors;
using columnar::StringRef;
using columnar::Vector;
using plan::Expression;

Evaluator::Evaluator(plan::ExpressionPtr expression) : expression_(std::move(expression)) {
  for (const plan::ExpressionPtr& argument : expression_->arguments) arguments_.emplace_back(argument);
  if (expression_->kind == Expression::Kind::Literal) {
    // A literal NULL has no bytes of its own type to make a constant from: it takes the expression's.
    scratch_.reset(expression_->type, 1);
    const bool null = expression_->literal.is_null();
    scratch_.set_value(0, null ? columnar::Value::null(expression_->type) : expression_->literal);
    scratch_.make_constant();
  }
  inputs_.resize(arguments_.size());
}

Evaluator::~Evaluator() = default;

const Vector& Evaluator::evaluate(const Chunk& chunk, RowErrors& errors) {
  switch (expression_->kind) {
    case Expression::Kind::Column:
      return chunk.columns[expression_->column];
    case Expression::Kind::Literal:
      return scratch_;
    case Expression::Kind::Call:
    case Expression::Kind::Cast:
      return call(chunk, errors);
    case Expression::Kind::And:
    case Expression::Kind::Or:
      return logical(chunk, errors);
    case Expression::Kind::Case:
    case Expression::Kind::Coalesce:
      break;
  }
  return choose(chunk, errors);
}

const Vector& Evaluator::call(const Chunk& chunk, RowErrors& errors) {
  bool constant = true;
  for (std::size_t a = 0; a < arguments_.size(); ++a) {
    inputs_[a] = &arguments_[a].evaluate(chunk, errors);
    constant = constant && inputs_[a]->is_constant();
  }
  const std::size_t rows = constant ? 1 : chunk.rows;
  const columnar::BoundFunction& bound = expression_->bound;
  scratch_.reset(bound.result, rows);
  if (bound.propagates_null) {
    for (const Vector* input : inputs_) scratch_.merge_nulls(*input, rows);
  }
  if (!constant) {
    bound.kernel({inputs_, rows, scratch_, errors, bound.state.get()});
    return scratch_;
  }
  RowErrors once;
  bound.kernel({inputs_, rows, scratch_, once, bound.state.get()});
  if (!once.empty()) {
    for (std::size_t r = 0; r < chunk.rows; ++r) errors.mark(r, once.marks().front().reason);
  }
  scratch_.make_constant();
  return scratch_;
}

namespace {

/// Takes over the errors of rows that are active.
void merge_errors(const RowErrors& from, const std::vector<std::uint8_t>& active, RowErrors& into) {
  for (const RowErrors::Mark& mark : from.marks()) {
    if (active[mark.row] != 0) into.mark(mark.row, mark.reason);
  }
}

}  // namespace

const Vector& Evaluator::logical(const Chunk& chunk, RowErrors& errors) {
  const bool is_and = expression_->kind == Expression::Kind::And;
  const std::uint8_t decisive = is_and ? 0 : 1;  // one such argument decides the result
  scratch_.reset(expression_->type, chunk.rows);
  auto* result = scratch_.mutable_data<std::uint8_t>();
  std::fill_n(result, chunk.rows, static_cast<std::uint8_t>(1 - decisive));
  active_.assign(chunk.rows, 1);  // 1: not decided yet
  std::vector<std::size_t> unknown;
  for (Evaluator& argument : arguments_) {
    RowErrors own;
    const Vector& value = argument.evaluate(chunk, own);
    if (!own.empty()) merge_errors(own, active_, errors);
    const bool nulls = value.has_nulls();
    if (!nulls && !value.is_constant()) {
      const auto* values = value.data<std::uint8_t>();
      for (std::size_t r = 0; r < chunk.rows; ++r)
        active_[r] &= static_cast<std::uint8_t>(values[r] != decisive);
      continue;
    }
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      if (nulls && value.is_null(r)) {
        unknown.push_back(r);
      } else if (value.at<std::uint8_t>(r) == decisive) {
        active_[r] = 0;
      }
    }
  }
  for (std::size_t r = 0; r < chunk.rows; ++r) {
    if (active_[r] == 0) result[r] = decisive;
  }
  for (const std::size_t r : unknown) {
    if (active_[r] != 0) scratch_.set_null(r);
  }
  return scratch_;
}

void Evaluator::copy_row(const Vector& from, std::size_t row) {
  if (from.is_null(row)) {
    scratch_.set_null(row);
    return;
  }
  columnar::visit_physical(scratch_.type().physical(), [&](auto tag) {
    using T = decltype(tag);
    scratch_.mutable_data<T>()[row] = from.at<T>(row);
  });
}

/// CASE and COALESCE: the arguments in order, each taking the rows that it decides among those still open.
const Vector& Evaluator::choose(const Chunk& chunk, RowErrors& errors) {
  const bool is_case = expression_->kind == Expression::Kind::Case;
  scratch_.reset(expression_->type, chunk.rows);
  std::vector<std::uint8_t> open(chunk.rows, 1);
  columnar::visit_physical(expression_->type.physical(), [&](auto tag) {
    using T = decltype(tag);
    std::fill_n(scratch_.mutable_data<T>(), chunk.rows, T{});
  });
  std::size_t next = 0;
  while (next < arguments_.size()) {
    active_ = open;
    const bool has_condition = is_case && next + 1 < arguments_.size();
    if (has_condition) {
      RowErrors own;
      const Vector& condition = arguments_[next++].evaluate(chunk, own);
      if (!own.empty()) merge_errors(own, open, errors);
      for (std::size_t r = 0; r < chunk.rows; ++r) {
        if (condition.is_null(r) || condition.at<std::uint8_t>(r) == 0) active_[r] = 0;
      }
    }
    RowErrors own;
    const Vector& value = arguments_[next++].evaluate(chunk, own);
    if (!own.empty()) merge_errors(own, active_, errors);
    if (scratch_.type().physical() == columnar::PhysicalType::String) scratch_.share_heap(value);
    const bool last = next >= arguments_.size();
    for (std::size_t r = 0; r < chunk.rows; ++r) {
      if (active_[r] == 0 || (!is_case && !last && value.is_null(r))) continue;
      copy_row(value, r);
      open[r] = 0;
    }
  }
  return scratch_;
}

}  // namespace dart::engine
