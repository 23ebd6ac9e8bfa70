#include "apps/query_tail.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "apps/record_reads.hpp"
#include "placement/record_codec.hpp"

namespace dart::apps {

namespace {

constexpr auto kPause = std::chrono::milliseconds(200);

/// Where the rows of a query come out: an instance of its last stage; null when none runs.
const placement::Placed* result_of(const placement::QueryRecord& record) {
  const placement::Placed* result = nullptr;
  for (const auto& placed : record.placed) {
    if (!placed.away && (result == nullptr || placed.id.stage > result->id.stage)) result = &placed;
  }
  return result;
}

}  // namespace

QueryTail::QueryTail(boost::asio::io_context& loop, api::KeysPort& keys, FetchRows fetch, std::string name,
                     std::weak_ptr<api::RowSink> sink)
    : keys_(keys), fetch_(std::move(fetch)), name_(std::move(name)), sink_(std::move(sink)), pause_(loop) {}

void QueryTail::read() {
  const auto answered = [weak = weak_from_this()](const api::QueryResult<directory::Answer>& answer) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    if (!answer) return self->read_later();
    if (!answer->exists) return self->end(std::nullopt);
    const auto record = placement::decode_record(answer->value);
    if (!record) return self->end(api::QueryFailure{503, record.error().message, ""});
    self->have(*record);
  };
  read_record(keys_, placement::record_name(name_), answered);
}

void QueryTail::read_later() {
  pause_.expires_after(kPause);
  pause_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self != nullptr) self->read();
  });
}

void QueryTail::have(const placement::QueryRecord& record) {
  using placement::QueryState;
  if (record.state == QueryState::Dropped) return end(std::nullopt);
  if (record.state == QueryState::Failed) {
    const std::string why = record.history.empty() ? "it failed" : record.history.back().what;
    return end(api::QueryFailure{503, why, "`dart query show` says what happened"});
  }
  if (record.state == QueryState::Finished && over_) return end(std::nullopt);
  const auto* result = result_of(record);
  // Between two lives, and until the scheduler has heard of the end.
  if (result == nullptr || over_) {
    over_ = over_ && record.run == run_;
    return read_later();
  }
  host_ = result->host;
  fetch();
}

void QueryTail::fetch() {
  fetch_(host_, placement::query_key(name_), run_, next_,
         [weak = weak_from_this()](const Result<runtime::TailPiece>& piece) {
           const auto self = weak.lock();
           if (self == nullptr) return;
           if (!piece) return self->read_later();
           self->have(*piece);
         });
}

void QueryTail::have(const runtime::TailPiece& piece) {
  const auto sink = sink_.lock();
  if (sink == nullptr) return;
  if (piece.run != run_) {
    run_ = piece.run;
    next_ = 0;
  }
  if (piece.missed > 0) sink->missed(piece.missed);
  if (!piece.lines.empty()) sink->rows(piece.run, piece.lines);
  next_ = std::max(next_, piece.first + piece.lines.size());
  if (piece.lines.empty() && !idle_) sink->idle();
  idle_ = piece.lines.empty();
  over_ = piece.ended;
  if (over_) return read();
  fetch();
}

void QueryTail::end(std::optional<api::QueryFailure> why) {
  if (const auto sink = sink_.lock()) sink->end(why);
}

}  // namespace dart::apps
