#include "columnar/chunk.hpp"

namespace dart::columnar {

void Chunk::gather(const std::uint32_t* selection, std::size_t count, Chunk& out) const {
  out.columns.resize(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) columns[c].gather(selection, count, out.columns[c]);
  if (weights.is_present()) {
    weights.gather(selection, count, out.weights);
  } else {
    out.weights = Vector();
  }
  if (steps.is_present()) {
    steps.gather(selection, count, out.steps);
  } else {
    out.steps = Vector();
  }
  out.rows = count;
}

Chunk Chunk::slice(std::size_t begin, std::size_t count) const {
  DART_DCHECK(begin + count <= rows);
  Chunk out;
  out.columns.reserve(columns.size());
  for (const Vector& column : columns) out.columns.push_back(column.slice(begin, count));
  if (weights.is_present()) out.weights = weights.slice(begin, count);
  if (steps.is_present()) out.steps = steps.slice(begin, count);
  out.rows = count;
  return out;
}

void Chunk::verify() const {
  for (const Vector& column : columns) DART_CHECK(column.is_present());
  if (weights.is_present()) {
    DART_CHECK(!weights.is_constant());
    for (std::size_t r = 0; r < rows; ++r) DART_CHECK(weights.data<std::int64_t>()[r] != 0);
  }
  if (steps.is_present()) {
    DART_CHECK(!steps.is_constant());
    for (std::size_t r = 1; r < rows; ++r) {
      DART_CHECK(steps.data<std::int64_t>()[r - 1] <= steps.data<std::int64_t>()[r]);
    }
  }
}

}  // namespace dart::columnar
