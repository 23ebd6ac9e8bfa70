#include "engine/operators/catalogue.hpp"

namespace dart::engine {

namespace {

/// Hands everything on: emission of what is append-only already.
class PassOperator final : public Operator {
 public:
  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override { out.chunk(chunk); }
};

}  // namespace

Made make_pass(const NodeContext&) { return std::make_unique<PassOperator>(); }

}  // namespace dart::engine
