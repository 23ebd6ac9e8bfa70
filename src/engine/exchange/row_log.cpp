#include "engine/exchange/row_log.hpp"

#include <algorithm>
#include <utility>

namespace dart::engine::exchange {

namespace {

std::size_t cost_of(const std::string& line) { return line.size() + sizeof line; }

}  // namespace

RowLog::RowLog(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

void RowLog::start_run(std::uint64_t run, std::uint64_t first) {
  run_ = run;
  oldest_ = first;
  bytes_ = 0;
  lines_.clear();
  ended_ = false;
}

void RowLog::append(std::string line) {
  bytes_ += cost_of(line);
  lines_.push_back(std::move(line));
  for (; bytes_ > budget_bytes_; ++oldest_) {
    bytes_ -= cost_of(lines_.front());
    lines_.pop_front();
  }
}

void RowLog::end() { ended_ = true; }

RowLog::Piece RowLog::read(std::uint64_t run, std::uint64_t first, std::size_t max_bytes) const {
  const std::uint64_t asked = run == run_ ? std::min(first, next()) : 0;
  Piece piece;
  piece.run = run_;
  piece.first = std::max(asked, oldest_);
  piece.missed = piece.first - asked;
  std::uint64_t number = piece.first;
  std::size_t bytes = 0;
  for (; number < next(); ++number) {
    const std::string& line = lines_[static_cast<std::size_t>(number - oldest_)];
    bytes += line.size();
    if (bytes > max_bytes && !piece.lines.empty()) break;
    piece.lines.push_back(line);
  }
  piece.ended = ended_ && number == next();
  return piece;
}

}  // namespace dart::engine::exchange
