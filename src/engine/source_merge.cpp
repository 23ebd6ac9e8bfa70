#include "engine/source_merge.hpp"

#include <algorithm>

#include "columnar/window_bounds.hpp"
#include "engine/chunk_bytes.hpp"
#include "engine/row_store.hpp"

namespace dart::engine {

namespace {

constexpr auto kBigInt = columnar::LogicalType::of(columnar::TypeId::BigInt);

/// As ascending ORDER BY does: NULL last.
int compare_rows(const Vector& a, std::size_t a_row, const Vector& b, std::size_t b_row) {
  const bool a_null = a.is_null(a_row);
  const bool b_null = b.is_null(b_row);
  if (a_null || b_null) return static_cast<int>(a_null) - static_cast<int>(b_null);
  return columnar::visit_physical(a.type().physical(), [&](auto tag) {
    using T = decltype(tag);
    return compare_values<T>(a.at<T>(a_row), b.at<T>(b_row));
  });
}

}  // namespace

std::size_t SourceMerge::waiting_rows() const {
  std::size_t rows = 0;
  for (const Reader& reader : readers_) {
    for (const Admitted& piece : reader.waiting) rows += piece.rows.rows;
  }
  return rows;
}

/// How the first waiting rows of two readers of one table, both of one time, stand to each other by its
/// tie_break.
int SourceMerge::compare_ties(std::size_t a, std::size_t b) const {
  const Reader& first = readers_[a];
  const Reader& second = readers_[b];
  if (first.table == kOwnTable || first.table != second.table || first.tie_break.empty()) return 0;
  const Chunk& own = first.waiting.front().rows;
  const Chunk& other = second.waiting.front().rows;
  const std::size_t own_row = cursors_[a].row;
  const std::size_t other_row = cursors_[b].row;
  if (own_row >= own.rows || other_row >= other.rows) return 0;
  for (const std::uint32_t column : first.tie_break) {
    const int order = compare_rows(own.columns[column], own_row, other.columns[column], other_row);
    if (order != 0) return order;
  }
  return 0;
}

/// The reader whose first waiting row is the earliest; readers_.size() when none waits.
std::size_t SourceMerge::next_reader() const {
  std::size_t best = readers_.size();
  EventTime best_time = 0;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    const Reader& reader = readers_[i];
    if (reader.waiting.empty()) continue;
    if (!reader.waits) return i;
    const Admitted& piece = reader.waiting.front();
    const std::size_t row = cursors_[i].row;
    const bool has_row = row < piece.rows.rows;
    const EventTime time =
        !reader.has_time ? kMinEventTime : (has_row ? piece.times.at<std::int64_t>(row) : piece.watermark);
    if (best == readers_.size() || time < best_time || (time == best_time && compare_ties(i, best) < 0)) {
      best = i;
      best_time = time;
    }
  }
  return best;
}

/// No other reader can still bring a row that belongs before the reader's first waiting one.
bool SourceMerge::may_go(std::size_t index) const {
  const Reader& own = readers_[index];
  const Admitted& piece = own.waiting.front();
  const std::size_t row = cursors_[index].row;
  if (row >= piece.rows.rows || !own.waits) return true;  // only progress
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    const Reader& other = readers_[i];
    if (i == index || other.ended || other.idle || !other.waits || !other.waiting.empty()) continue;
    if (!own.has_time) {
      if (!other.has_time && i < index) return false;
      continue;
    }
    if (!other.has_time) return false;
    const EventTime time = piece.times.at<std::int64_t>(row);
    // A reader of the same table may still bring a row of this very time that ties put in front.
    const bool ties = own.table != kOwnTable && own.table == other.table && !own.tie_break.empty();
    if (other.watermark < time || (other.watermark == time && (i < index || ties))) return false;
  }
  return true;
}

/// Hands on the rows of the first piece that have their steps.
void SourceMerge::hand_on(std::size_t index, const Take& take) {
  Reader& reader = readers_[index];
  Cursor& cursor = cursors_[index];
  if (reader.waiting.empty()) return;
  Admitted& piece = reader.waiting.front();
  const std::size_t placed = cursor.steps.size();
  const bool whole = cursor.row >= piece.rows.rows;
  if (placed == 0 && !whole) return;
  Chunk rows = piece.rows.slice(cursor.row - placed, placed);
  if (placed > 0) {
    rows.steps.reset(kBigInt, placed);
    std::copy(cursor.steps.begin(), cursor.steps.end(), rows.steps.mutable_data<std::int64_t>());
  }
  cursor.steps.clear();
  Chunk late;
  std::swap(late, piece.late);
  const bool tells_watermark = whole && reader.table == kOwnTable;
  take(index, rows, late, tells_watermark ? piece.watermark : kMinEventTime);
  if (!whole) return;
  origin_last_ = std::max(origin_last_, piece.progress.origin_last);
  reader.waiting.pop_front();
  cursor.row = 0;
}

EventTime SourceMerge::bound(std::size_t index) const {
  const Reader& reader = readers_[index];
  std::size_t from = index < cursors_.size() ? cursors_[index].row : 0;
  for (const Admitted& piece : reader.waiting) {
    if (reader.has_time && from < piece.rows.rows) return piece.times.at<std::int64_t>(from);
    from = 0;
  }
  return reader.watermark;
}

/// The next row of a table comes from this reader: those that have their places go first, and so does what
/// its time says about rows before it.
void SourceMerge::go_on_with(std::size_t index, const Take& take) {
  const Reader& reader = readers_[index];
  if (tables_.size() <= reader.table) tables_.resize(reader.table + 1);
  Table& table = tables_[reader.table];
  if (table.open != index && table.open < readers_.size()) hand_on(table.open, take);
  table.open = index;
  if (!reader.has_time) return;
  const EventTime time = reader.waiting.front().times.at<std::int64_t>(cursors_[index].row);
  if (reader.cut_us > 0 && table.seen != kMinEventTime && time > table.seen &&
      columnar::align_down(time, reader.cut_us) != columnar::align_down(table.seen, reader.cut_us)) {
    hand_on(index, take);
    take(index, {}, {}, time);
  }
  table.seen = std::max(table.seen, time);
}

void SourceMerge::advance(const Take& take, const Done& done) {
  cursors_.resize(readers_.size());
  while (true) {
    const std::size_t index = next_reader();
    if (index == readers_.size() || !may_go(index)) break;
    const Admitted& piece = readers_[index].waiting.front();
    Cursor& cursor = cursors_[index];
    if (cursor.row < piece.rows.rows) {
      if (readers_[index].table != kOwnTable) go_on_with(index, take);
      cursor.steps.push_back(++step_);
      ++cursor.row;
    }
    // A piece must be gone before the next one's rows can be looked at; its rows keep their steps.
    if (cursor.row >= piece.rows.rows) hand_on(index, take);
  }
  for (std::size_t i = 0; i < readers_.size(); ++i) hand_on(i, take);
  if (step_ == done_step_) return;
  const Progress progress{done_step_ + 1, step_, origin_last_, origin_last_};
  done_step_ = step_;
  done(progress);
}

void SourceMerge::snapshot_place(ByteWriter& out) const {
  out.fixed(step_);
  out.fixed(done_step_);
  out.fixed(origin_last_.us);
  out.varint(tables_.size());
  for (const Table& table : tables_) out.fixed(table.seen);
}

Status SourceMerge::restore_place(ByteReader& in) {
  DART_TRY(step_, in.fixed<std::int64_t>());
  DART_TRY(done_step_, in.fixed<std::int64_t>());
  DART_TRY(origin_last_.us, in.fixed<std::int64_t>());
  DART_TRY(const std::size_t tables, in.count());
  tables_.assign(tables, {});
  for (Table& table : tables_) {
    DART_TRY(table.seen, in.fixed<EventTime>());
  }
  return {};
}

void SourceMerge::snapshot_reader(std::size_t r, ByteWriter& out) const {
  out.varint(readers_[r].waiting.size());
  // Of the first piece the rows before are gone.
  std::size_t from = r < cursors_.size() ? cursors_[r].row : 0;
  for (const Admitted& piece : readers_[r].waiting) {
    const std::size_t rows = piece.rows.rows - from;
    write_chunk(piece.rows.slice(from, rows), piece.rows.columns.size(), out);
    write_chunk(piece.late, piece.late.columns.size(), out);
    for (std::size_t k = 0; readers_[r].has_time && k < rows; ++k) {
      out.fixed(piece.times.at<std::int64_t>(from + k));
    }
    out.fixed(piece.watermark);
    write_progress(piece.progress, out);
    from = 0;
  }
}

Result<std::deque<Admitted>> SourceMerge::read_waiting(std::span<const columnar::LogicalType> types,
                                                       bool has_time, ByteReader& in) {
  std::deque<Admitted> waiting;
  DART_TRY(const std::size_t pieces, in.count());
  for (std::size_t p = 0; p < pieces; ++p) {
    Admitted piece;
    DART_TRY(piece.rows, read_chunk(types, in));
    DART_TRY(piece.late, read_chunk(types, in));
    if (has_time) piece.times.reset(kBigInt, piece.rows.rows);
    for (std::size_t k = 0; has_time && k < piece.rows.rows; ++k) {
      DART_TRY(piece.times.mutable_data<std::int64_t>()[k], in.fixed<EventTime>());
    }
    DART_TRY(piece.watermark, in.fixed<EventTime>());
    DART_TRY(piece.progress, read_progress(in));
    waiting.push_back(std::move(piece));
  }
  return waiting;
}

void SourceMerge::snapshot(ByteWriter& out) const {
  snapshot_place(out);
  for (std::size_t r = 0; r < readers_.size(); ++r) snapshot_reader(r, out);
}

Status SourceMerge::restore(std::span<const std::vector<columnar::LogicalType>> types, ByteReader& in) {
  DART_TRY_STATUS(restore_place(in));
  for (std::size_t r = 0; r < readers_.size(); ++r) {
    DART_TRY(readers_[r].waiting, read_waiting(types[r], readers_[r].has_time, in));
  }
  return {};
}

}  // namespace dart::engine
