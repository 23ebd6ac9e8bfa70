#include "columnar/chunk.hpp"

#include <type_traits>

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

namespace {

Vector deep_copy_of(const Vector& from, std::size_t rows) {
  const std::size_t count = from.is_constant() ? 1 : rows;
  Vector to;
  to.reset(from.type(), count);
  visit_physical(from.type().physical(), [&](auto tag) {
    using T = decltype(tag);
    const T* source = from.data<T>();
    T* target = to.mutable_data<T>();
    for (std::size_t r = 0; r < count; ++r) {
      target[r] = source[r];
      if constexpr (std::is_same_v<T, StringRef>) {
        const bool null = from.is_null(r);
        if (null) target[r] = StringRef();
        if (!null && !source[r].is_inline()) target[r] = to.heap().add(source[r].view());
      }
    }
  });
  to.merge_nulls(from, count);
  if (from.is_constant()) to.make_constant();
  return to;
}

}  // namespace

Chunk Chunk::deep_copy() const {
  Chunk copy;
  copy.columns.reserve(columns.size());
  for (const Vector& column : columns) copy.columns.push_back(deep_copy_of(column, rows));
  if (weights.is_present()) copy.weights = deep_copy_of(weights, rows);
  if (steps.is_present()) copy.steps = deep_copy_of(steps, rows);
  copy.rows = rows;
  return copy;
}

std::size_t Chunk::bytes() const {
  std::size_t bytes = 0;
  for (const Vector& column : columns) {
    bytes += (column.is_constant() ? 1 : rows) * width_of(column.type().physical());
    if (column.shared_heap()) bytes += column.shared_heap()->bytes();
  }
  return bytes;
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
