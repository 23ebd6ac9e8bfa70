#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/connector.hpp"
#include "plan/catalogue.hpp"

namespace dart::connectors {

/// When rows are due.
struct Pace {
  std::optional<double> rate;  ///< rows a second
  std::optional<double>
      replay_speed;  ///< times the speed at which the event time went on when it was recorded
};

[[nodiscard]] std::span<const plan::OptionSpec> pacing_options();
/// From the options rate and replay_speed; the Error says why they do not go with this table.
[[nodiscard]] Result<Pace> read_pace(const plan::TableDefinition& table);

/// Hands on the rows of another source by a schedule that starts with the first read: row k (from 0, bad rows
/// counted) is due at start + k / rate, whether or not those before it were late; that time is its origin.
/// Rows are read and parsed ahead. A chunk leaves when it is full or its first row has been due for
/// limits::kChunkLingerUs.
class PacedSource : public engine::Source {
 public:
  /// `inner` must have been opened with paced_request(request, pace).
  PacedSource(const engine::ReadRequest& request, const Pace& pace, std::unique_ptr<engine::Source> inner);

  /// What the inner source has to deliver: steps always, and the event time where the schedule needs it.
  static engine::ReadRequest paced_request(const engine::ReadRequest& request, const Pace& pace);

  [[nodiscard]] Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows,
                                                 columnar::Chunk& out) override;
  [[nodiscard]] const std::map<std::string, std::uint64_t>& errors() const override {
    return inner_->errors();
  }
  [[nodiscard]] std::span<const engine::RowErrorSample> error_samples() const override {
    return inner_->error_samples();
  }
  [[nodiscard]] int ready_fd() const override { return inner_->ready_fd(); }

 private:
  /// Rows read ahead; those before `begin` have been handed on.
  struct Ahead {
    columnar::Chunk chunk;
    std::vector<TimePoint> due;  ///< by row
    std::size_t begin = 0;
    std::int64_t last_seq = 0;
    std::int64_t read_at_us = 0;
  };

  Status read_ahead(TimePoint now, std::size_t rows);
  [[nodiscard]] TimePoint due_of(const columnar::Chunk& chunk, std::size_t row);
  [[nodiscard]] TimePoint due_by_rate(std::int64_t seq) const;
  void hand_on(std::size_t rows, columnar::Chunk& out, engine::ReadOutcome& outcome);

  engine::ReadRequest request_;
  Pace pace_;
  std::unique_ptr<engine::Source> inner_;
  std::optional<std::size_t> time_place_;  // chunk column with the event time; replay only
  std::deque<Ahead> ahead_;
  std::size_t rows_ahead_ = 0;
  std::size_t piece_ = 0;  // rows to read ahead next
  std::optional<TimePoint> start_;
  std::optional<EventTime> first_time_;
  TimePoint newest_due_;  // replay: a row with an older time than one before it is due with that one
  std::int64_t consumed_seq_ = 0;
  std::int64_t inner_seq_ = 0;           // of the last record that inner_ has consumed
  std::optional<TimePoint> inner_wake_;  // when inner_ wants to be asked again after giving no row
  bool inner_ended_ = false;
};

}  // namespace dart::connectors
