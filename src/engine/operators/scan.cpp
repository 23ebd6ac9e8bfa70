#include "engine/operators/catalogue.hpp"

namespace dart::engine {

namespace {

/// The place of a table's rows in the graph: it counts them and hands them on. Readers and their gates stand
/// before it, in the instance.
class ScanOperator final : public Operator {
 public:
  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override { out.chunk(chunk); }
};

}  // namespace

Made make_scan(const NodeContext&) { return std::make_unique<ScanOperator>(); }

}  // namespace dart::engine
