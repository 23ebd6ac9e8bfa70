#pragma once

#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "columnar/chunk.hpp"
#include "engine/sort_index.hpp"

namespace dart::engine {

/// Puts a table's rows into the order of (event time, tie_break columns): rows wait until the watermark has
/// passed them, then leave sorted. Equal in every key: in order of arrival.
class ReorderBuffer {
 public:
  /// Rows have `types`; `keys` are columns of them, the event time first.
  ReorderBuffer(const std::vector<columnar::LogicalType>& types, const std::vector<std::uint32_t>& keys);

  void add(const columnar::Chunk& rows);
  /// Rows with a time below the watermark, in order, as one chunk without steps.
  columnar::Chunk release(EventTime watermark);
  void snapshot(ByteWriter& out) const;
  /// Into an empty buffer.
  [[nodiscard]] Status restore(ByteReader& in);
  [[nodiscard]] std::size_t size() const { return store_.size(); }
  [[nodiscard]] std::size_t bytes() const { return store_.bytes() + index_.bytes(); }

 private:
  static std::vector<columnar::LogicalType> with_arrival(std::vector<columnar::LogicalType> types);
  static std::vector<plan::SortKey> sort_keys(const std::vector<std::uint32_t>& keys, std::size_t arrival);

  std::uint32_t time_column_;
  RowStore store_;  // the columns, then the number of arrival
  SortOrder order_;
  SortIndex index_;
  std::int64_t arrivals_ = 0;
};

}  // namespace dart::engine
