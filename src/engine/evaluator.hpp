#pragma once

#include <memory>
#include <vector>

#include "columnar/chunk.hpp"
#include "plan/expression.hpp"

namespace dart::engine {

/// Computes one expression over chunks, with scratch vectors of its own. AND, OR, CASE and COALESCE compute
/// all their branches at once, since functions are pure; but an error counts only in rows for which SQL would
/// have evaluated the branch (earlier arguments of AND not false, a CASE branch taken).
class Evaluator {
 public:
  explicit Evaluator(plan::ExpressionPtr expression);
  Evaluator(Evaluator&&) noexcept = default;
  Evaluator& operator=(Evaluator&&) noexcept = default;
  ~Evaluator();

  /// The value for every row of the chunk: a column of the chunk itself, or a scratch vector that stays good
  /// until the next call. Rows that cannot be computed are marked in `errors`; their values may be anything.
  const columnar::Vector& evaluate(const columnar::Chunk& chunk, columnar::RowErrors& errors);

  [[nodiscard]] const plan::Expression& expression() const { return *expression_; }

 private:
  const columnar::Vector& call(const columnar::Chunk& chunk, columnar::RowErrors& errors);
  const columnar::Vector& logical(const columnar::Chunk& chunk, columnar::RowErrors& errors);
  const columnar::Vector& choose(const columnar::Chunk& chunk, columnar::RowErrors& errors);
  void copy_row(const columnar::Vector& from, std::size_t row);

  plan::ExpressionPtr expression_;
  std::vector<Evaluator> arguments_;
  columnar::Vector scratch_;
  std::vector<const columnar::Vector*> inputs_;
  std::vector<std::uint8_t> active_;
};

}  // namespace dart::engine
