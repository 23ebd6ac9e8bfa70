#include "engine/chunk_builder.hpp"

#include "base/check.hpp"

namespace dart::engine {

void ChunkBuilder::repeat_by_weight() {
  if (std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.weight == 1; })) return;
  std::vector<Row> repeated;
  for (Row row : rows_) {
    DART_DCHECK(row.weight >= 0);
    const std::int64_t times = row.weight;
    row.weight = 1;
    for (std::int64_t i = 0; i < times; ++i) repeated.push_back(row);
  }
  rows_ = std::move(repeated);
}

void ChunkBuilder::prepare(const Row* rows, std::size_t count, bool weighted, bool stepped) {
  constexpr auto kBigInt = columnar::LogicalType::of(columnar::TypeId::BigInt);
  chunk_.columns.resize(types_.size());
  for (std::size_t c = 0; c < types_.size(); ++c) chunk_.columns[c].reset(types_[c], count);
  chunk_.rows = count;
  if (weighted) {
    chunk_.weights.reset(kBigInt, count);
    auto* weights = chunk_.weights.mutable_data<std::int64_t>();
    for (std::size_t k = 0; k < count; ++k) weights[k] = rows[k].weight;
  }
  if (stepped) {
    chunk_.steps.reset(kBigInt, count);
    auto* steps = chunk_.steps.mutable_data<std::int64_t>();
    for (std::size_t k = 0; k < count; ++k) steps[k] = rows[k].step;
  }
}

}  // namespace dart::engine
