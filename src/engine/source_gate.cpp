#include "engine/source_gate.hpp"

#include <algorithm>
#include <numeric>

#include "columnar/window_bounds.hpp"

namespace dart::engine {

using columnar::LogicalType;
using columnar::TypeId;
using plan::Scan;

namespace {

constexpr LogicalType kBigInt = LogicalType::of(TypeId::BigInt);

bool is_hidden(std::uint32_t column) { return column == Scan::kSeqColumn || column == Scan::kReadAtColumn; }

EventTime less_delay(EventTime time, std::int64_t delay) {
  EventTime result;
  return __builtin_sub_overflow(time, delay, &result) ? kMinEventTime + 1 : result;
}

}  // namespace

SourceGate::SourceGate(const plan::TableDefinition& table, const Scan& scan, std::int64_t cut_us,
                       Counters& counters)
    : table_(table), cut_us_(cut_us), counters_(counters) {
  std::vector<bool> wanted(table.columns.size(), false);
  for (const std::uint32_t column : scan.columns) {
    if (!is_hidden(column)) wanted[column] = true;
  }
  if (table.event_time) wanted[*table.event_time] = true;
  for (const std::uint32_t column : table.tie_break) wanted[column] = true;
  for (const plan::CheckConstraint& check : table.checks) plan::mark_columns(*check.condition, wanted);

  std::vector<std::uint32_t> place(table.columns.size(), 0);
  std::vector<LogicalType> types;
  for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
    if (!wanted[c]) continue;
    place[c] = static_cast<std::uint32_t>(read_columns_.size());
    if (table.columns[c].not_null) not_null_.push_back(place[c]);
    read_columns_.push_back(c);
    types.push_back(table.columns[c].type);
  }
  for (const std::uint32_t column : scan.columns)
    positions_.push_back(is_hidden(column) ? column : place[column]);
  for (const plan::CheckConstraint& check : table.checks) {
    checks_.emplace_back(check.name, Evaluator(plan::renumber(check.condition, place)));
  }
  if (table.event_time) time_position_ = place[*table.event_time];
  if (!table.tie_break.empty() && time_position_) {
    std::vector<std::uint32_t> keys = {*time_position_};
    for (const std::uint32_t column : table.tie_break) keys.push_back(place[column]);
    reorder_ = std::make_unique<ReorderBuffer>(types, keys);
  }
}

ReadRequest SourceGate::request() const { return {&table_, read_columns_, true}; }

void SourceGate::reject(const std::vector<std::uint8_t>& bad, const std::string& reason) {
  const auto rejected = std::erase_if(kept_, [&](std::uint32_t row) { return bad[row] != 0; });
  if (rejected > 0) counters_.errors[reason] += rejected;
}

void SourceGate::keep_all_explicitly(std::size_t rows) {
  if (!all_) return;
  all_ = false;
  kept_.resize(rows);
  std::iota(kept_.begin(), kept_.end(), 0U);
}

/// NOT NULL, CHECK, and a NULL event time: kept_ becomes the rows that hold.
void SourceGate::check_rows(const Chunk& raw) {
  all_ = true;
  std::vector<std::uint8_t> bad;
  for (const std::uint32_t place : not_null_) {
    const Vector& column = raw.columns[place];
    if (!column.has_nulls()) continue;
    keep_all_explicitly(raw.rows);
    bad.assign(raw.rows, 0);
    for (std::size_t r = 0; r < raw.rows; ++r) bad[r] = static_cast<std::uint8_t>(column.is_null(r));
    reject(bad, "null value in column \"" + table_.columns[read_columns_[place]].name + "\"");
  }
  for (auto& [name, check] : checks_) {
    columnar::RowErrors errors;
    const Vector& holds = check.evaluate(raw, errors);
    bad.assign(raw.rows, 0);
    bool any = false;
    for (std::size_t r = 0; r < raw.rows; ++r) {
      bad[r] = static_cast<std::uint8_t>(!holds.is_null(r) && holds.at<std::uint8_t>(r) == 0);
      any = any || bad[r] != 0;
    }
    for (const auto& mark : errors.marks()) bad[mark.row] = 1;
    if (!any && errors.empty()) continue;
    keep_all_explicitly(raw.rows);
    reject(bad, "violates check constraint \"" + name + "\"");
  }
  if (!time_position_ || !raw.columns[*time_position_].has_nulls()) return;
  keep_all_explicitly(raw.rows);
  const Vector& times = raw.columns[*time_position_];
  bad.assign(raw.rows, 0);
  for (std::size_t r = 0; r < raw.rows; ++r) bad[r] = static_cast<std::uint8_t>(times.is_null(r));
  reject(bad, "event time is NULL");
}

/// Moves the watermark on, row by row, and late rows from kept_ to late_ (or leaves them, late = update).
void SourceGate::split_late(const Vector& times, std::size_t rows) {
  late_.clear();
  const std::int64_t delay = table_.watermark_delay_us;
  if (all_ && !times.is_constant()) {  // the common case: no late row, no selection
    const auto* values = times.data<std::int64_t>();
    bool any_late = false;
    EventTime watermark = watermark_;
    for (std::size_t r = 0; r < rows; ++r) {
      any_late |= values[r] < watermark;
      watermark = std::max(watermark, less_delay(values[r], delay));
    }
    if (!any_late) {
      watermark_ = watermark;
      return;
    }
  }
  keep_all_explicitly(rows);
  std::size_t count = 0;
  for (const std::uint32_t row : kept_) {
    const EventTime time = times.at<std::int64_t>(row);
    if (time < watermark_) {
      ++counters_.late;
      if (table_.late != plan::LatePolicy::Update) {
        late_.push_back(row);
        continue;
      }
    } else {
      watermark_ = std::max(watermark_, less_delay(time, delay));
    }
    kept_[count++] = row;
  }
  kept_.resize(count);
}

Chunk SourceGate::select(const Chunk& raw, const std::vector<std::uint32_t>* rows) {
  if (rows == nullptr) return raw;
  Chunk selected;
  raw.gather(rows->data(), rows->size(), selected);
  return selected;
}

Chunk SourceGate::project(const Chunk& read) {
  Chunk rows;
  rows.rows = read.rows;
  rows.steps = read.steps;
  for (const std::uint32_t position : positions_) {
    if (position == Scan::kSeqColumn) {
      rows.columns.push_back(read.steps);
    } else if (position == Scan::kReadAtColumn) {
      Vector read_at;
      read_at.reset(LogicalType::of(TypeId::TimestampTz), 1);
      read_at.mutable_data<std::int64_t>()[0] = read_at_us_;
      read_at.make_constant();
      rows.columns.push_back(std::move(read_at));
    } else {
      rows.columns.push_back(read.columns[position]);
    }
  }
  return rows;
}

void SourceGate::take(const Chunk& raw, const ReadOutcome& outcome, std::deque<Admitted>& out) {
  if (outcome.last_seq < outcome.first_seq) return;
  read_at_us_ = outcome.read_at_us;
  const Progress progress{outcome.first_seq, outcome.last_seq, outcome.origin_first, outcome.origin_last};
  const EventTime before = watermark_;
  late_.clear();
  kept_.clear();
  all_ = true;
  if (raw.rows > 0) {
    check_rows(raw);
    if (time_position_) split_late(raw.columns[*time_position_], raw.rows);
  }
  const std::size_t first_piece = out.size();
  const Chunk read = select(raw, all_ ? nullptr : &kept_);
  if (reorder_) {
    if (read.rows > 0) reorder_->add(read);
    admit_sorted(progress, watermark_, out);
  } else {
    admit(read, before, progress, out);
    sent_seq_ = outcome.last_seq;
  }
  if (!late_.empty() && table_.late == plan::LatePolicy::SideTable) {
    out[first_piece].late = project(select(raw, &late_));
  }
}

void SourceGate::push(const Chunk& read, EventTime watermark, const Progress& progress,
                      std::deque<Admitted>& out) {
  Admitted piece;
  piece.rows = project(read);
  if (time_position_ && read.rows > 0) piece.times = read.columns[*time_position_];
  piece.watermark = watermark;
  piece.progress = progress;
  out.push_back(std::move(piece));
}

/// Rows in order of arrival: a piece ends with the row that moves the watermark over a multiple of cut_us.
void SourceGate::admit(const Chunk& read, EventTime watermark, const Progress& progress,
                       std::deque<Admitted>& out) {
  std::size_t begin = 0;
  std::int64_t first = progress.first;
  const bool first_rows = watermark == kMinEventTime;
  if (first_rows && time_position_ && read.rows > 0) {
    // The first row of all passes nothing: no window can be open before it.
    watermark = less_delay(read.columns[*time_position_].at<std::int64_t>(0), table_.watermark_delay_us);
  }
  const bool crosses = cut_us_ > 0 && time_position_ && watermark != kMinEventTime &&
                       columnar::align_down(watermark, cut_us_) != columnar::align_down(watermark_, cut_us_);
  if (crosses) {
    const Vector& times = read.columns[*time_position_];
    for (std::size_t r = 0; r + 1 < read.rows; ++r) {
      const EventTime moved =
          std::max(watermark, less_delay(times.at<std::int64_t>(r), table_.watermark_delay_us));
      const bool cut = columnar::align_down(moved, cut_us_) != columnar::align_down(watermark, cut_us_);
      watermark = moved;
      if (!cut) continue;
      const std::int64_t last = read.step_data()[r];
      push(read.slice(begin, r + 1 - begin), watermark,
           {first, last, progress.origin(first), progress.origin(last)}, out);
      begin = r + 1;
      first = last + 1;
    }
  }
  push(begin == 0 ? read : read.slice(begin, read.rows - begin), watermark_,
       {first, progress.last, progress.origin(first), progress.origin_last}, out);
}

/// Rows in the table's own order, numbered anew: no row before a released one can come any more, so its time
/// is a watermark for those before it, and a piece ends in front of the row that brings it over a multiple of
/// cut_us.
void SourceGate::admit_sorted(const Progress& progress, EventTime watermark, std::deque<Admitted>& out) {
  Chunk sorted = reorder_->release(watermark);
  sorted.steps.reset(kBigInt, sorted.rows);
  for (std::size_t r = 0; r < sorted.rows; ++r) {
    sorted.steps.mutable_data<std::int64_t>()[r] = sent_seq_ + 1 + static_cast<std::int64_t>(r);
  }
  const auto progress_to = [&](std::int64_t last) {
    const Progress part{sent_seq_ + 1, last, progress.origin_last, progress.origin_last};
    sent_seq_ = std::max(sent_seq_, last);
    return part;
  };
  std::size_t begin = 0;
  const std::int64_t base = sent_seq_;
  for (std::size_t r = 0; r < sorted.rows && cut_us_ > 0; ++r) {
    const EventTime time = sorted.columns[*time_position_].at<std::int64_t>(r);
    const bool cut = sent_watermark_ != kMinEventTime &&
                     columnar::align_down(time, cut_us_) != columnar::align_down(sent_watermark_, cut_us_);
    sent_watermark_ = std::max(sent_watermark_, time);
    if (!cut) continue;
    push(sorted.slice(begin, r - begin), time, progress_to(base + static_cast<std::int64_t>(r)), out);
    begin = r;
  }
  sent_watermark_ = watermark;
  push(sorted.slice(begin, sorted.rows - begin), watermark,
       progress_to(base + static_cast<std::int64_t>(sorted.rows)), out);
}

void SourceGate::snapshot(ByteWriter& out) const {
  out.fixed(watermark_);
  out.fixed(sent_watermark_);
  out.fixed(sent_seq_);
  if (reorder_) reorder_->snapshot(out);
}

Status SourceGate::restore(ByteReader& in) {
  DART_TRY(watermark_, in.fixed<EventTime>());
  DART_TRY(sent_watermark_, in.fixed<EventTime>());
  DART_TRY(sent_seq_, in.fixed<std::int64_t>());
  if (reorder_) DART_TRY_STATUS(reorder_->restore(in));
  return {};
}

bool SourceGate::raise_watermark(EventTime watermark, TimePoint now, std::deque<Admitted>& out) {
  if (!time_position_ || watermark <= watermark_) return false;
  watermark_ = watermark;
  const Progress progress{sent_seq_, sent_seq_, now, now};  // nothing new, but sinks may write what closes
  if (reorder_ && reorder_->size() > 0) {
    admit_sorted(progress, watermark_, out);
    return true;
  }
  sent_watermark_ = std::max(sent_watermark_, watermark);
  out.push_back({});
  out.back().watermark = watermark_;
  out.back().progress = progress;
  return true;
}

void SourceGate::finish(std::deque<Admitted>& out) {
  if (!reorder_ || reorder_->size() == 0) return;
  const EventTime last = watermark_;
  admit_sorted({sent_seq_ + 1, sent_seq_ + 1, {}, {}}, kMaxEventTime, out);
  out.back().watermark = last;
}

}  // namespace dart::engine
