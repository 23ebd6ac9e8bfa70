#include "engine/reorder_buffer.hpp"

namespace dart::engine {

using columnar::Chunk;
using columnar::LogicalType;
using columnar::Vector;
using Slot = RowStore::Slot;

std::vector<LogicalType> ReorderBuffer::with_arrival(std::vector<LogicalType> types) {
  types.push_back(LogicalType::of(columnar::TypeId::BigInt));
  return types;
}

std::vector<plan::SortKey> ReorderBuffer::sort_keys(const std::vector<std::uint32_t>& keys,
                                                    std::size_t arrival) {
  std::vector<plan::SortKey> sorted;
  for (const std::uint32_t key : keys) sorted.push_back({key, false, false});
  sorted.push_back({static_cast<std::uint32_t>(arrival), false, false});
  return sorted;
}

ReorderBuffer::ReorderBuffer(const std::vector<LogicalType>& types, const std::vector<std::uint32_t>& keys)
    : time_column_(keys.front()),
      store_(with_arrival(types)),
      order_(store_, sort_keys(keys, types.size())),
      index_(order_) {}

void ReorderBuffer::add(const Chunk& rows) {
  Vector arrival;
  arrival.reset(LogicalType::of(columnar::TypeId::BigInt), rows.rows);
  for (std::size_t r = 0; r < rows.rows; ++r) arrival.mutable_data<std::int64_t>()[r] = arrivals_++;
  std::vector<const Vector*> columns;
  for (const Vector& column : rows.columns) columns.push_back(&column);
  columns.push_back(&arrival);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const Slot slot = store_.insert(columns, r);
    SortOrder::Words words;
    order_.encode(slot, words.data());
    index_.insert(index_.find(words.data(), slot), words.data(), slot);
  }
}

Chunk ReorderBuffer::release(EventTime watermark) {
  std::vector<Slot> slots;
  index_.scan([&](const std::uint64_t*, Slot slot) {
    if (watermark != kMaxEventTime && store_.get<std::int64_t>(slot, time_column_) >= watermark) return false;
    slots.push_back(slot);
    return true;
  });
  Chunk rows;
  rows.rows = slots.size();
  rows.columns.resize(store_.types().size() - 1);
  for (std::size_t c = 0; c < rows.columns.size(); ++c) {
    rows.columns[c].reset(store_.types()[c], slots.size());
    store_.read(c, slots, rows.columns[c], 0);
  }
  for (const Slot slot : slots) {
    SortOrder::Words words;
    order_.encode(slot, words.data());
    index_.erase(index_.find(words.data(), slot));
    store_.erase(slot);
  }
  return rows;
}

void ReorderBuffer::snapshot(ByteWriter& out) const {
  out.fixed(arrivals_);
  out.varint(store_.size());
  index_.scan([&](const std::uint64_t*, Slot slot) {
    store_.write_row(slot, out);
    return true;
  });
}

Status ReorderBuffer::restore(ByteReader& in) {
  DART_TRY(arrivals_, in.fixed<std::int64_t>());
  DART_TRY(const std::size_t rows, in.count());
  for (std::size_t r = 0; r < rows; ++r) {
    DART_TRY(const Slot slot, store_.read_row(in));
    SortOrder::Words words;
    order_.encode(slot, words.data());
    const SortIndex::Place place = index_.find(words.data(), slot);
    if (place.slot != RowStore::kNone || store_.is_null(slot, time_column_)) {
      return fail(ErrorCode::Data, "a row that cannot wait for its place");
    }
    index_.insert(place, words.data(), slot);
  }
  return {};
}

}  // namespace dart::engine
