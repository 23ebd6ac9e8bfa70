#include "engine/operators/catalogue.hpp"

namespace dart::engine {

namespace {

/// OFFSET and LIMIT without an order, over an append-only input: the rows after the first `offset`, `limit`
/// of them.
class LimitOperator final : public Operator {
 public:
  explicit LimitOperator(const plan::Limit& limit) : skip_(limit.offset), left_(limit.limit) {}

  void on_chunk(std::size_t, const Chunk& chunk, Output& out) override {
    const auto rows = static_cast<std::int64_t>(chunk.rows);
    const std::int64_t skipped = std::min(skip_, rows);
    const std::int64_t taken = std::min(left_, rows - skipped);
    skip_ -= skipped;
    left_ -= taken;
    if (taken < rows)
      counters.dropped["outside OFFSET and LIMIT"] += static_cast<std::uint64_t>(rows - taken);
    if (taken == rows) {
      out.chunk(chunk);
    } else if (taken > 0) {
      out.chunk(chunk.slice(static_cast<std::size_t>(skipped), static_cast<std::size_t>(taken)));
    }
  }

  bool wants_more() const override { return left_ > 0; }

  void snapshot(ByteWriter& out) const override {
    out.fixed(skip_);
    out.fixed(left_);
  }
  Status restore(ByteReader& in) override {
    DART_TRY(skip_, in.fixed<std::int64_t>());
    DART_TRY(left_, in.fixed<std::int64_t>());
    return {};
  }

 private:
  std::int64_t skip_;
  std::int64_t left_;
};

}  // namespace

Made make_limit(const NodeContext& context) {
  return std::make_unique<LimitOperator>(context.kind<plan::Limit>());
}

}  // namespace dart::engine
