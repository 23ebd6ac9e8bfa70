#pragma once

#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "engine/source_gate.hpp"

namespace dart::engine {

/// Several readers as one stream of steps, in order of event time (then of the readers): a row waits until
/// every other reader's watermark has passed it. A reader whose table has no event time comes before all
/// others, as a whole, and one that does not wait goes on as its rows arrive. Rows keep their chunks: each
/// gets its place as a step number, and a chunk is handed on as far as its rows have theirs.
class SourceMerge {
 public:
  static constexpr std::size_t kOwnTable = SIZE_MAX;
  struct Reader {
    bool has_time = false;
    bool waits = true;  ///< false, order = 'arrival': waits for nobody, and nobody waits for it
    bool ended = false;
    bool idle = false;  ///< asked for by idle_after: holds nobody back
    /// Readers of one table share a number. Their rows are handed on as one stream, in order: among those of
    /// one time `tie_break` decides, and watermarks are the table's, not those of pieces.
    std::size_t table = kOwnTable;
    std::vector<std::uint32_t> tie_break;
    std::int64_t cut_us = 0;  ///< a row that passes a multiple of it is a watermark for those before it
    EventTime watermark = kMinEventTime;
    std::deque<Admitted> waiting;
  };

  explicit SourceMerge(std::size_t readers) : readers_(readers) {}

  /// Behind those that are there.
  void add_reader(Reader reader) { readers_.push_back(std::move(reader)); }
  [[nodiscard]] Reader& reader(std::size_t index) { return readers_[index]; }
  [[nodiscard]] const Reader& reader(std::size_t index) const { return readers_[index]; }
  /// Rows waiting for their place.
  [[nodiscard]] std::size_t waiting_rows() const;
  /// No row of the reader below this time waits, or may still come in time.
  [[nodiscard]] EventTime bound(std::size_t reader) const;

  /// A step without rows: something other than a row, a timeout, is about to change watermarks.
  void add_empty_step(TimePoint origin) {
    ++step_;
    note_origin(origin);
  }
  /// Something has been read at that time.
  void note_origin(TimePoint origin) { origin_last_ = std::max(origin_last_, origin); }

  /// Calls take(reader, rows with steps, late rows, watermark) for what has its place, then done(progress)
  /// once.
  using Take =
      std::function<void(std::size_t reader, const Chunk& rows, const Chunk& late, EventTime watermark)>;
  using Done = std::function<void(const Progress& progress)>;
  void advance(const Take& take, const Done& done);

  /// Between two calls of advance.
  void snapshot(ByteWriter& out) const;
  /// Into a fresh one; types[r] are those of reader r's rows.
  [[nodiscard]] Status restore(std::span<const std::vector<columnar::LogicalType>> types, ByteReader& in);
  /// The same in parts, for readers that come and go: how far it is, and what of one reader waits.
  void snapshot_place(ByteWriter& out) const;
  [[nodiscard]] Status restore_place(ByteReader& in);
  void snapshot_reader(std::size_t reader, ByteWriter& out) const;
  [[nodiscard]] static Result<std::deque<Admitted>> read_waiting(std::span<const columnar::LogicalType> types,
                                                                 bool has_time, ByteReader& in);

 private:
  struct Cursor {
    std::size_t row = 0;  // of the reader's first waiting piece
    std::vector<std::int64_t> steps;
  };
  [[nodiscard]] std::size_t next_reader() const;
  [[nodiscard]] bool may_go(std::size_t index) const;
  [[nodiscard]] int compare_ties(std::size_t a, std::size_t b) const;
  void go_on_with(std::size_t index, const Take& take);
  void hand_on(std::size_t index, const Take& take);

  struct Table {
    std::size_t open = SIZE_MAX;     // the reader whose rows have their places and were not handed on
    EventTime seen = kMinEventTime;  // greatest time of a row that has its place
  };

  std::vector<Reader> readers_;
  std::vector<Table> tables_;
  std::vector<Cursor> cursors_;
  std::int64_t step_ = 0;
  std::int64_t done_step_ = 0;
  TimePoint origin_last_;
};

}  // namespace dart::engine
