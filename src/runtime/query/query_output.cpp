#include "runtime/query/query_output.hpp"

#include <utility>

namespace dart::runtime {

QueryOutput::QueryOutput(std::size_t budget_bytes, std::function<void()> changed)
    : log_(budget_bytes), changed_(std::move(changed)) {}

QueryOutput::Writer::Writer(std::shared_ptr<QueryOutput> output, std::uint64_t run)
    : output_(std::move(output)), run_(run) {}

void QueryOutput::Writer::open_sink() {
  const std::lock_guard lock(output_->mutex_);
  ++sinks_;
  shows_ = true;
  output_->start(run_);
}

void QueryOutput::Writer::write(std::string_view line) {
  {
    const std::lock_guard lock(output_->mutex_);
    // Of an instance that was fenced in the middle of a turn.
    if (revoked_ || output_->run_ != run_) return;
    output_->log_.append(std::string(line));
    if (std::exchange(output_->told_, true)) return;
  }
  output_->changed_();
}

void QueryOutput::Writer::finish_sink() {
  {
    const std::lock_guard lock(output_->mutex_);
    if (revoked_ || output_->run_ != run_ || --sinks_ > 0) return;
    output_->log_.end();
  }
  output_->changed_();
}

void QueryOutput::Writer::revoke() {
  const std::lock_guard lock(output_->mutex_);
  revoked_ = true;
}

bool QueryOutput::Writer::shows() const {
  const std::lock_guard lock(output_->mutex_);
  return shows_;
}

void QueryOutput::start(std::uint64_t run) {
  if (started_ && run_ >= run) return;
  started_ = true;
  run_ = run;
  log_.start_run(run);
}

QueryOutput::Piece QueryOutput::read(std::uint64_t run, std::uint64_t first, std::size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  told_ = false;
  return log_.read(run, first, max_bytes);
}

void QueryOutput::save(std::uint64_t run, ByteWriter& out) {
  const std::lock_guard lock(mutex_);
  Piece kept;
  if (started_ && run_ == run) kept = log_.read(run, 0, SIZE_MAX);
  out.varint(kept.first);
  out.varint(kept.lines.size());
  for (const std::string& line : kept.lines) out.text(line);
}

Status QueryOutput::load(std::uint64_t run, ByteReader& in) {
  DART_TRY(const std::uint64_t first, in.varint());
  DART_TRY(const std::size_t lines, in.count());
  const std::lock_guard lock(mutex_);
  // The rows may be here already; but where the query has been elsewhere meanwhile, only the older ones are.
  const bool known = started_ && (run_ > run || (run_ == run && log_.next() > first + lines));
  if (!known) {
    started_ = true;
    run_ = run;
    log_.start_run(run, first);
  }
  for (std::size_t l = 0; l < lines; ++l) {
    DART_TRY(const std::string_view line, in.text());
    if (!known) log_.append(std::string(line));
  }
  return {};
}

}  // namespace dart::runtime
