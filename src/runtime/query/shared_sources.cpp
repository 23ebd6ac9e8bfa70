#include "runtime/query/shared_sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "plan/codec.hpp"

namespace dart::runtime {

namespace {

/// While another has the rows that this one may be waiting for, it looks again after this.
constexpr Duration kLookAgain{1000};

/// Rows that were read together.
struct Piece {
  columnar::Chunk rows;
  engine::ReadOutcome outcome;
};

/// The first `count` rows of a piece, which keeps the others; the steps say which record each row was.
Piece split(Piece& piece, std::size_t count) {
  Piece front;
  const std::int64_t next = piece.rows.step_data()[count];
  front.rows = piece.rows.slice(0, count);
  front.outcome = piece.outcome;
  front.outcome.rows = count;
  front.outcome.end = false;
  front.outcome.last_seq = next - 1;
  piece.rows = piece.rows.slice(count, piece.rows.rows - count);
  piece.outcome.rows -= count;
  piece.outcome.first_seq = next;
  return front;
}

}  // namespace

/// The one reader of a table, and what each of those that share it has not taken yet.
class SharedSources::Reader {
 public:
  Reader(const engine::ReadRequest& request)
      : table_(*request.table), request_{&table_, request.columns, true} {}

  [[nodiscard]] Status open(engine::ConnectorFactory& connectors) {
    DART_TRY(source_, connectors.open_source(request_));
    return {};
  }
  [[nodiscard]] int ready_fd() const { return source_->ready_fd(); }
  [[nodiscard]] const std::vector<std::uint32_t>& columns() const { return request_.columns; }

  void join(const Share& share) {
    const std::lock_guard lock(mutex_);
    waiting_[&share];
  }
  void leave(const Share& share) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(&share);
  }

  /// The next rows for one of them: such as wait for it, or new ones, of which the others get copies.
  [[nodiscard]] Result<Piece> read(const Share& share, TimePoint now, std::size_t max_rows,
                                   std::map<std::string, std::uint64_t>& errors) {
    const std::lock_guard lock(mutex_);
    if (failure_) return tl::unexpected<Error>(*failure_);
    std::deque<Piece>& mine = waiting_.at(&share);
    if (mine.empty()) DART_TRY_STATUS(read_on(share, now, max_rows, mine));
    if (errors_changed_ > 0 && errors != source_->errors()) errors = source_->errors();
    Piece piece;
    if (mine.front().rows.rows > max_rows) {
      piece = split(mine.front(), max_rows);
    } else {
      piece = std::move(mine.front());
      mine.pop_front();
    }
    return piece;
  }

 private:
  [[nodiscard]] Status read_on(const Share& share, TimePoint now, std::size_t max_rows,
                               std::deque<Piece>& mine) {
    const bool full = std::any_of(waiting_.begin(), waiting_.end(), [](const auto& one) {
      std::size_t rows = 0;
      for (const Piece& piece : one.second) rows += piece.rows.rows;
      return rows >= limits::kQueueRows;
    });
    Piece piece;
    if (full) {
      piece.outcome.wake_at = now + kLookAgain;
      mine.push_back(std::move(piece));
      return {};
    }
    columnar::Chunk read;
    auto outcome = source_->read(now, max_rows, read);
    if (!outcome) {
      failure_ = outcome.error();
      return tl::unexpected<Error>(std::move(outcome).error());
    }
    piece.outcome = *outcome;
    const bool moved = outcome->last_seq >= outcome->first_seq;
    const auto records = moved ? static_cast<std::size_t>(outcome->last_seq - outcome->first_seq + 1) : 0;
    if (records > outcome->rows) ++errors_changed_;
    if (outcome->rows > 0) piece.rows = read.deep_copy();
    if (moved || outcome->end) {
      for (auto& [other, queue] : waiting_) {
        if (other == &share) continue;
        Piece copy{outcome->rows > 0 ? read.deep_copy() : columnar::Chunk{}, *outcome};
        queue.push_back(std::move(copy));
      }
    }
    // Its descriptor may have been emptied by another.
    if (!moved && !outcome->end && source_->ready_fd() >= 0 && waiting_.size() > 1) {
      piece.outcome.wake_at = std::min(piece.outcome.wake_at.value_or(now + kLookAgain), now + kLookAgain);
    }
    mine.push_back(std::move(piece));
    return {};
  }

  plan::TableDefinition table_;
  engine::ReadRequest request_;  // of table_
  std::unique_ptr<engine::Source> source_;
  std::mutex mutex_;
  std::map<const Share*, std::deque<Piece>> waiting_;
  std::optional<Error> failure_;
  std::uint64_t errors_changed_ = 0;
};

class SharedSources::Share final : public engine::Source {
 public:
  Share(const engine::ReadRequest& request, std::shared_ptr<Reader> reader)
      : want_steps_(request.want_steps), reader_(std::move(reader)) {
    for (const std::uint32_t column : request.columns) types_.push_back(request.table->columns[column].type);
    reader_->join(*this);
  }
  ~Share() override { reader_->leave(*this); }

  Result<engine::ReadOutcome> read(TimePoint now, std::size_t max_rows, columnar::Chunk& out) override {
    DART_TRY(Piece piece, reader_->read(*this, now, max_rows, errors_));
    if (piece.rows.rows > 0) {
      out = std::move(piece.rows);
      if (!want_steps_) out.steps = columnar::Vector();
    } else {
      out.rows = 0;
      out.columns.resize(types_.size());
      for (std::size_t c = 0; c < types_.size(); ++c) out.columns[c].reset(types_[c], 0);
    }
    return piece.outcome;
  }
  const std::map<std::string, std::uint64_t>& errors() const override { return errors_; }
  int ready_fd() const override { return reader_->ready_fd(); }

 private:
  bool want_steps_;
  std::vector<columnar::LogicalType> types_;
  std::shared_ptr<Reader> reader_;
  std::map<std::string, std::uint64_t> errors_;
};

Result<std::unique_ptr<engine::Source>> SharedSources::open_source(const engine::ReadRequest& request) {
  if (!is_live_ || !is_live_(*request.table)) return others_.open_source(request);
  plan::Plan named;
  named.tables.push_back(*request.table);
  const std::string name = plan::encode(named);
  const std::lock_guard lock(mutex_);
  std::erase_if(readers_, [](const auto& one) { return one.second.expired(); });
  auto reader = readers_[name].lock();
  if (reader == nullptr) {
    reader = std::make_shared<Reader>(request);
    DART_TRY_STATUS(reader->open(others_));
    readers_[name] = reader;
  } else if (reader->columns() != request.columns) {
    return fail(ErrorCode::Unsupported,
                fmt::format("table \"{}\" gives each row once, and a query here reads other columns of it",
                            request.table->name),
                std::nullopt, "read the same columns in both, or put both into one script");
  }
  return std::make_unique<Share>(request, std::move(reader));
}

}  // namespace dart::runtime
