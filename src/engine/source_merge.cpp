#include "engine/source_merge.hpp"

#include <algorithm>

#include "engine/chunk_bytes.hpp"

namespace dart::engine {

namespace {

constexpr auto kBigInt = columnar::LogicalType::of(columnar::TypeId::BigInt);

}  // namespace

std::size_t SourceMerge::waiting_rows() const {
  std::size_t rows = 0;
  for (const Reader& reader : readers_) {
    for (const Admitted& piece : reader.waiting) rows += piece.rows.rows;
  }
  return rows;
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
    if (best == readers_.size() || time < best_time) {
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
    if (other.watermark < time || (other.watermark == time && i < index)) return false;
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
  take(index, rows, late, whole ? piece.watermark : kMinEventTime);
  if (!whole) return;
  origin_last_ = std::max(origin_last_, piece.progress.origin_last);
  reader.waiting.pop_front();
  cursor.row = 0;
}

void SourceMerge::advance(const Take& take, const Done& done) {
  cursors_.resize(readers_.size());
  while (true) {
    const std::size_t index = next_reader();
    if (index == readers_.size() || !may_go(index)) break;
    const Admitted& piece = readers_[index].waiting.front();
    Cursor& cursor = cursors_[index];
    if (cursor.row < piece.rows.rows) {
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

void SourceMerge::snapshot(ByteWriter& out) const {
  out.fixed(step_);
  out.fixed(done_step_);
  out.fixed(origin_last_.us);
  for (std::size_t r = 0; r < readers_.size(); ++r) {
    out.varint(readers_[r].waiting.size());
    std::size_t from = cursors_.empty() ? 0 : cursors_[r].row;  // of the first piece: those before are gone
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
}

Status SourceMerge::restore(std::span<const std::vector<columnar::LogicalType>> types, ByteReader& in) {
  DART_TRY(step_, in.fixed<std::int64_t>());
  DART_TRY(done_step_, in.fixed<std::int64_t>());
  DART_TRY(origin_last_.us, in.fixed<std::int64_t>());
  for (std::size_t r = 0; r < readers_.size(); ++r) {
    DART_TRY(const std::size_t pieces, in.count());
    for (std::size_t p = 0; p < pieces; ++p) {
      Admitted piece;
      DART_TRY(piece.rows, read_chunk(types[r], in));
      DART_TRY(piece.late, read_chunk(types[r], in));
      if (readers_[r].has_time) piece.times.reset(kBigInt, piece.rows.rows);
      for (std::size_t k = 0; readers_[r].has_time && k < piece.rows.rows; ++k) {
        DART_TRY(piece.times.mutable_data<std::int64_t>()[k], in.fixed<EventTime>());
      }
      DART_TRY(piece.watermark, in.fixed<EventTime>());
      DART_TRY(piece.progress, read_progress(in));
      readers_[r].waiting.push_back(std::move(piece));
    }
  }
  return {};
}

}  // namespace dart::engine
