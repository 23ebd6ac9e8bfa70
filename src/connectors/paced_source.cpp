#include "connectors/paced_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "connectors/option_reader.hpp"

namespace dart::connectors {

namespace {

/// Rows read ahead at a time: parsing them may not make those that are due meanwhile late.
constexpr std::size_t kPieceRows = 128;
/// Read ahead while fewer rows than this are waiting.
constexpr std::size_t kLowRows = 512;

}  // namespace

using engine::ReadOutcome;
using engine::ReadRequest;

std::span<const plan::OptionSpec> pacing_options() {
  using columnar::TypeId;
  static const std::vector<plan::OptionSpec> options = {
      {"rate", TypeId::Double, false, {}, "rows a second, by a schedule"},
      {"replay_speed", TypeId::Double, false, {}, "times the recorded speed of the event time"},
  };
  return options;
}

Result<Pace> read_pace(const plan::TableDefinition& table) {
  const OptionReader options(table);
  Pace pace;
  DART_TRY(pace.rate, options.real("rate"));
  DART_TRY(pace.replay_speed, options.real("replay_speed"));
  if (pace.rate && !(*pace.rate > 0)) return options.wrong("rate", "greater than 0");
  if (pace.replay_speed && !(*pace.replay_speed > 0)) return options.wrong("replay_speed", "greater than 0");
  if (pace.rate && pace.replay_speed) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("table \"{}\": give rate or replay_speed, not both", table.name));
  }
  if (pace.replay_speed && !table.event_time) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("table \"{}\": replay_speed needs event_time", table.name));
  }
  return pace;
}

PacedSource::PacedSource(const ReadRequest& request, const Pace& pace, std::unique_ptr<engine::Source> inner)
    : request_(request), pace_(pace), inner_(std::move(inner)), piece_(kPieceRows) {
  if (!pace_.replay_speed) return;
  const ReadRequest wider = paced_request(request, pace);
  const auto found = std::find(wider.columns.begin(), wider.columns.end(), *request.table->event_time);
  time_place_ = static_cast<std::size_t>(found - wider.columns.begin());
}

ReadRequest PacedSource::paced_request(const ReadRequest& request, const Pace& pace) {
  ReadRequest wider = request;
  wider.want_steps = true;
  if (pace.replay_speed && std::find(wider.columns.begin(), wider.columns.end(),
                                     *request.table->event_time) == wider.columns.end()) {
    wider.columns.push_back(*request.table->event_time);
  }
  return wider;
}

Result<ReadOutcome> PacedSource::read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) {
  if (!start_) start_ = newest_due_ = now;
  if (ahead_.empty() && !inner_ended_) {
    DART_TRY_STATUS(read_ahead(now, std::min(piece_, max_rows)));
    // Nothing was waiting: the schedule is ahead of us, and larger pieces cost less.
    piece_ = std::min(piece_ * 2, limits::kChunkRows);
  }
  ReadOutcome outcome;
  outcome.first_seq = consumed_seq_ + 1;
  outcome.last_seq = consumed_seq_;
  if (ahead_.empty()) {
    outcome.end = inner_ended_;
    outcome.wake_at = inner_wake_;
    outcome.last_seq = consumed_seq_ = inner_seq_;
    outcome.origin_first = outcome.origin_last = now;
    out.rows = 0;
    return outcome;
  }
  const Ahead& ahead = ahead_.front();
  const auto first = ahead.due.begin() + static_cast<std::ptrdiff_t>(ahead.begin);
  const std::size_t most = std::min(max_rows, ahead.due.size() - ahead.begin);
  const auto last = first + static_cast<std::ptrdiff_t>(most);
  const auto count = static_cast<std::size_t>(std::upper_bound(first, last, now) - first);
  const TimePoint leaves = *first + Duration{limits::kChunkLingerUs};
  if (count == max_rows || leaves <= now) {
    hand_on(count, out, outcome);
    outcome.end = inner_ended_ && ahead_.empty();
    return outcome;
  }
  piece_ = kPieceRows;
  if (rows_ahead_ < kLowRows && !inner_ended_) DART_TRY_STATUS(read_ahead(now, kPieceRows));
  out.rows = 0;
  outcome.wake_at = most == max_rows ? std::min(leaves, *(last - 1)) : leaves;
  return outcome;
}

Status PacedSource::read_ahead(TimePoint now, std::size_t rows) {
  Ahead ahead;
  DART_TRY(const ReadOutcome got, inner_->read(now, rows, ahead.chunk));
  inner_ended_ = got.end;
  inner_wake_ = got.wake_at;
  inner_seq_ = std::max(inner_seq_, got.last_seq);
  if (got.rows == 0) return {};
  ahead.last_seq = got.last_seq;
  ahead.read_at_us = got.read_at_us;
  ahead.due.reserve(got.rows);
  for (std::size_t row = 0; row < got.rows; ++row) ahead.due.push_back(due_of(ahead.chunk, row));
  rows_ahead_ += got.rows;
  ahead_.push_back(std::move(ahead));
  return {};
}

TimePoint PacedSource::due_of(const columnar::Chunk& chunk, std::size_t row) {
  if (!time_place_) return due_by_rate(chunk.step_data()[row]);
  const columnar::Vector& times = chunk.columns[*time_place_];
  if (times.is_null(row)) return newest_due_;
  const EventTime time = times.at<EventTime>(row);
  if (!first_time_) first_time_ = time;
  const double passed = static_cast<double>(time - *first_time_) / *pace_.replay_speed;
  newest_due_ = std::max(newest_due_, *start_ + Duration{static_cast<std::int64_t>(passed)});
  return newest_due_;
}

TimePoint PacedSource::due_by_rate(std::int64_t seq) const {
  return *start_ + Duration{static_cast<std::int64_t>(static_cast<double>(seq - 1) * 1e6 / *pace_.rate)};
}

void PacedSource::hand_on(std::size_t rows, columnar::Chunk& out, ReadOutcome& outcome) {
  Ahead& ahead = ahead_.front();
  const std::size_t end = ahead.begin + rows;
  const bool all = end == ahead.due.size();
  out = ahead.chunk.slice(ahead.begin, rows);
  outcome.rows = rows;
  outcome.last_seq = all ? ahead.last_seq : out.step_data()[rows - 1];
  outcome.origin_first = pace_.rate ? due_by_rate(outcome.first_seq) : ahead.due[ahead.begin];
  outcome.origin_last = pace_.rate ? due_by_rate(outcome.last_seq) : ahead.due[end - 1];
  outcome.read_at_us = ahead.read_at_us;
  consumed_seq_ = outcome.last_seq;
  out.columns.resize(request_.columns.size());
  if (!request_.want_steps) out.steps = columnar::Vector();
  rows_ahead_ -= rows;
  ahead.begin = end;
  if (all) ahead_.pop_front();
}

}  // namespace dart::connectors
