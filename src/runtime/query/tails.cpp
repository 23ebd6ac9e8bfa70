#include "runtime/query/tails.hpp"

#include <fmt/format.h>

#include <utility>

#include "runtime/net/endpoint.hpp"

namespace dart::runtime {

namespace exchange = engine::exchange;

namespace {

/// How long an answer waits for rows.
constexpr Duration kLongPoll{500'000};
/// A host that is silent for so long is asked a second time; after as long again it counts as gone.
constexpr Duration kAskAgain{800'000};
constexpr int kTries = 2;
constexpr std::size_t kPieceBytes = 256U << 10;
/// A row that does not fit into a frame is shown this far.
constexpr std::size_t kLongestLine = 512U << 10;
constexpr std::size_t kWaiters = 4096;

Result<TailPiece> shown(bool known, QueryOutput::Piece piece) {
  if (!known) {
    return fail(ErrorCode::NotFound, "the host of the query's result has no output of it", std::nullopt,
                "try again when the query runs");
  }
  return TailPiece{piece.run, piece.first, std::move(piece.lines), piece.missed, piece.ended};
}

}  // namespace

Tails::Tails(boost::asio::io_context& loop, Send send, EndpointOf endpoint_of, Find find)
    : send_(std::move(send)), endpoint_of_(std::move(endpoint_of)), find_(std::move(find)), delays_(loop) {}

void Tails::fetch_here(const Key& query, std::uint64_t run, std::uint64_t first, Done done) {
  // Never from inside the call.
  delays_.after({0}, [this, query, run, first, tell = std::move(done)] {
    Waiter waiter{0, query, run, first, {}, 0, {}};
    waiter.answer = [tell](bool known, QueryOutput::Piece piece) { tell(shown(known, std::move(piece))); };
    wait(std::move(waiter));
  });
}

void Tails::fetch(const overlay::NodeHandle& host, const Key& query, std::uint64_t run, std::uint64_t first,
                  Done done) {
  const std::uint64_t request = next_++;
  asked_.emplace(request, Asked{host, {request, query, run, first}, 0, std::move(done)});
  delays_.after({0}, [this, request] { ask(request); });
}

void Tails::ask(std::uint64_t request) {
  const auto found = asked_.find(request);
  if (found == asked_.end()) return;
  Asked& asked = found->second;
  if (asked.tries++ == kTries) {
    const Done done = std::move(asked.done);
    const std::string name = text_of(endpoint_of_(asked.host));
    asked_.erase(found);
    return done(fail(ErrorCode::Io, fmt::format("the host of the query's result, {}, does not answer", name),
                     std::nullopt, "try again: the ring may be about to move it"));
  }
  send_(endpoint_of_(asked.host), asked.frame);
  delays_.after(kAskAgain, [this, request] { ask(request); });
}

void Tails::take(const exchange::RowsFrame& frame) {
  const auto found = asked_.find(frame.request);
  if (found == asked_.end()) return;
  const Done done = std::move(found->second.done);
  asked_.erase(found);
  QueryOutput::Piece piece{frame.run, frame.first, {}, frame.missed, frame.ended};
  for (const std::string_view line : frame.lines) piece.lines.emplace_back(line);
  done(shown(frame.known, std::move(piece)));
}

void Tails::serve(const overlay::Endpoint& peer, const exchange::FetchRowsFrame& frame) {
  // Asked again: one answer is enough.
  waiters_.remove_if([&](const Waiter& one) { return one.peer == peer && one.request == frame.request; });
  Waiter waiter{0, frame.query, frame.run, frame.first, peer, frame.request, {}};
  waiter.answer = [this, peer, request = frame.request](bool known, QueryOutput::Piece piece) {
    exchange::RowsFrame rows{request, known, piece.run, piece.first, piece.missed, piece.ended, {}};
    for (std::string& line : piece.lines) {
      if (line.size() > kLongestLine) {
        const std::size_t size = line.size();
        line.resize(kLongestLine);
        line += fmt::format("... (cut: the row has {} bytes)", size);
      }
      rows.lines.push_back(line);
    }
    send_(peer, rows);
  };
  wait(std::move(waiter));
}

bool Tails::answer(const Waiter& waiter, bool at_once) {
  const auto output = find_(waiter.query);
  if (output == nullptr) {
    waiter.answer(false, {});
    return true;
  }
  QueryOutput::Piece piece = output->read(waiter.run, waiter.first, kPieceBytes);
  if (!at_once && piece.lines.empty() && !piece.ended && piece.run == waiter.run) return false;
  waiter.answer(true, std::move(piece));
  return true;
}

void Tails::wait(Waiter waiter) {
  if (answer(waiter, waiters_.size() >= kWaiters)) return;
  waiter.number = next_++;
  waiters_.push_back(std::move(waiter));
  delays_.after(kLongPoll, [this, number = waiters_.back().number] {
    for (auto one = waiters_.begin(); one != waiters_.end(); ++one) {
      if (one->number != number) continue;
      const Waiter waited = std::move(*one);
      waiters_.erase(one);
      answer(waited, true);
      return;
    }
  });
}

void Tails::changed(const Key& query) {
  std::list<Waiter> asking;
  for (auto one = waiters_.begin(); one != waiters_.end();) {
    const auto next = std::next(one);
    if (one->query == query) asking.splice(asking.end(), waiters_, one);
    one = next;
  }
  for (auto one = asking.begin(); one != asking.end();) {
    const auto next = std::next(one);
    if (!answer(*one, false)) waiters_.splice(waiters_.end(), asking, one);
    one = next;
  }
}

}  // namespace dart::runtime
