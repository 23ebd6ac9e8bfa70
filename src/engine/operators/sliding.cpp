#include <algorithm>
#include <deque>

#include "engine/chunk_builder.hpp"
#include "engine/operators/catalogue.hpp"
#include "engine/row_store.hpp"
#include "engine/step_operator.hpp"

namespace dart::engine {

namespace {

using Slot = RowStore::Slot;

/// sliding(r, ts, size): the rows of r with now - size < ts <= now, now being the greatest ts that r has
/// produced. A row that moves now expires others in its own step, before it enters itself; a row that comes
/// too late to be inside never enters. Rows wait for their expiry in order of ts: a queue while they come in
/// order, which they mostly do; a row out of order is put in its place.
class SlidingOperator final : public StepOperator {
 public:
  explicit SlidingOperator(const NodeContext& context)
      : node_(context.kind<plan::Sliding>()),
        stepped_(context.node().stepped),
        store_(context.input_types(0)),
        builder_(context.output_types()) {}

  [[nodiscard]] std::size_t state_bytes() const override {
    return store_.bytes() + queue_.size() * sizeof(Waiting);
  }

 protected:
  void write_state(ByteWriter& out) const override {
    out.fixed(now_);
    out.varint(queue_.size());
    for (const Waiting& waiting : queue_) {
      out.fixed(waiting.time);
      store_.write_row(waiting.slot, out);
    }
  }
  Status read_state(ByteReader& in) override {
    DART_TRY(now_, in.fixed<EventTime>());
    DART_TRY(const std::size_t count, in.count());
    for (std::size_t k = 0; k < count; ++k) {
      DART_TRY(const EventTime time, in.fixed<EventTime>());
      DART_TRY(const Slot slot, store_.read_row(in));
      queue_.push_back({time, slot});
    }
    return {};
  }

  void prepare(const Chunk& chunk) override {
    columns_.clear();
    for (const Vector& column : chunk.columns) columns_.push_back(&column);
  }

  void apply(const Chunk& chunk, std::size_t begin, std::size_t end, std::int64_t step) override {
    const Vector& times = chunk.columns[node_.time_column];
    EventTime now = now_;
    for (std::size_t r = begin; r < end; ++r) {
      if (!times.is_null(r)) now = std::max(now, times.at<std::int64_t>(r));
    }
    if (now != now_) advance(now, chunk.step_data() == nullptr ? 0 : step);
    for (std::size_t r = begin; r < end; ++r) {
      if (times.is_null(r)) {
        ++counters.dropped["time is NULL"];
        continue;
      }
      const EventTime time = times.at<std::int64_t>(r);
      if (outside(time)) {
        ++counters.dropped["older than the window"];
        continue;
      }
      const Slot slot = store_.insert(columns_, r);
      enqueue({time, slot});
      builder_.add(slot, 1, step);
    }
  }

  void finish_step(std::int64_t) override {}

  void flush(Output& out) override {
    builder_.flush(out, true, stepped_,
                   [this](ChunkBuilder::Piece& piece) { piece.read(store_, ChunkBuilder::kIndex, 0); });
    for (const Slot slot : expired_) store_.erase(slot);
    expired_.clear();
  }

 private:
  struct Waiting {
    EventTime time;
    Slot slot;
  };

  /// ts <= now - size, without overflow at the ends of time.
  [[nodiscard]] bool outside(EventTime time) const {
    EventTime bound;
    return !__builtin_sub_overflow(now_, node_.size_us, &bound) && time <= bound;
  }

  void advance(EventTime now, std::int64_t step) {
    now_ = now;
    while (!queue_.empty() && outside(queue_.front().time)) {
      builder_.add(queue_.front().slot, -1, step);
      expired_.push_back(queue_.front().slot);
      queue_.pop_front();
    }
  }

  void enqueue(Waiting waiting) {
    if (queue_.empty() || queue_.back().time <= waiting.time) {
      queue_.push_back(waiting);
      return;
    }
    const auto place =
        std::upper_bound(queue_.begin(), queue_.end(), waiting.time,
                         [](EventTime time, const Waiting& other) { return time < other.time; });
    queue_.insert(place, waiting);
  }

  plan::Sliding node_;
  bool stepped_;
  RowStore store_;
  ChunkBuilder builder_;
  std::deque<Waiting> queue_;
  EventTime now_ = kMinEventTime;
  std::vector<const Vector*> columns_;
  std::vector<Slot> expired_;
};

}  // namespace

Made make_sliding(const NodeContext& context) { return std::make_unique<SlidingOperator>(context); }

}  // namespace dart::engine
