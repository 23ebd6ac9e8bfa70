#include "engine/concatenate.hpp"

#include <algorithm>

namespace dart::engine {

namespace {

using columnar::Chunk;
using columnar::Vector;

/// `part_of(part)` is the vector of a part that belongs to this column.
template <class PartOf>
Vector join(std::span<const Chunk> parts, std::size_t rows, const PartOf& part_of) {
  Vector out;
  out.reset(part_of(parts.front()).type(), rows);
  columnar::visit_physical(out.type().physical(), [&](auto tag) {
    using T = decltype(tag);
    T* to = out.mutable_data<T>();
    for (const Chunk& part : parts) {
      const Vector& from = part_of(part);
      if (from.is_constant()) {
        std::fill_n(to, part.rows, from.template at<T>(0));
      } else {
        std::copy_n(from.template data<T>(), part.rows, to);
      }
      to += part.rows;
    }
  });
  std::size_t begin = 0;
  for (const Chunk& part : parts) {
    const Vector& from = part_of(part);
    if (out.type().physical() == columnar::PhysicalType::String) out.share_heap(from);
    for (std::size_t r = 0; from.has_nulls() && r < part.rows; ++r) {
      if (from.is_null(r)) out.set_null(begin + r);
    }
    begin += part.rows;
  }
  return out;
}

}  // namespace

Chunk concatenate(std::span<const Chunk> parts) {
  if (parts.size() == 1) return parts.front();
  Chunk out;
  for (const Chunk& part : parts) out.rows += part.rows;
  for (std::size_t c = 0; !parts.empty() && c < parts.front().columns.size(); ++c) {
    out.columns.push_back(
        join(parts, out.rows, [c](const Chunk& part) -> const Vector& { return part.columns[c]; }));
  }
  if (parts.empty()) return out;
  const auto weights = [](const Chunk& part) -> const Vector& { return part.weights; };
  const auto steps = [](const Chunk& part) -> const Vector& { return part.steps; };
  if (parts.front().weights.is_present()) out.weights = join(parts, out.rows, weights);
  if (parts.front().steps.is_present()) out.steps = join(parts, out.rows, steps);
  return out;
}

}  // namespace dart::engine
