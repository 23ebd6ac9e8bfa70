#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/delay_histogram.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "columnar/chunk.hpp"
#include "engine/operator.hpp"
#include "plan/table.hpp"

namespace dart::engine {

/// What a reader of a table must deliver.
struct ReadRequest {
  const plan::TableDefinition* table = nullptr;  ///< outlives the source
  std::vector<std::uint32_t> columns;            ///< table columns, in output order; others are not parsed
  bool want_steps = true;                        ///< fill Chunk::steps with each row's _seq
};

struct ReadOutcome {
  std::size_t rows = 0;  ///< rows in the chunk, already parsed and typed
  bool end = false;      ///< nothing comes after these rows
  /// rows == 0 and not end: nothing is due before this time (empty: wait for the source's own event).
  std::optional<TimePoint> wake_at;
  /// _seq of the rows that this call consumed, bad ones included: [first, last]; last < first: none.
  std::int64_t first_seq = 0;
  std::int64_t last_seq = -1;
  /// When they were read, or were due by the schedule: of the first and of the last row.
  TimePoint origin_first;
  TimePoint origin_last;
  std::int64_t read_at_us = 0;  ///< wall clock, microseconds since 1970, for `_read_at`
};

/// One bad row as an example beside the counters.
struct RowErrorSample {
  std::int64_t seq = 0;
  std::string column;  ///< empty when the whole record is wrong
  std::string reason;
  std::string value;  ///< the start of the offending text
};

/// The reader of one table on one node. _seq counts rows as they arrive from 1, bad rows included.
class Source {
 public:
  virtual ~Source() = default;
  /// Fills `out` with at most `max_rows` rows; never waits (a regular file may block for the disk). Bad rows
  /// are left out and counted. An Error ends the query: a file that is missing, a directory, an I/O error.
  [[nodiscard]] virtual Result<ReadOutcome> read(TimePoint now, std::size_t max_rows, Chunk& out) = 0;
  /// Bad rows so far, by reason ("expected 17 fields, got 9", "invalid input syntax for type numeric").
  [[nodiscard]] virtual const std::map<std::string, std::uint64_t>& errors() const = 0;
  /// The first few bad rows in full, for a report.
  [[nodiscard]] virtual std::span<const RowErrorSample> error_samples() const { return {}; }
  /// A file descriptor that turns readable when rows may have come (stdin, sockets); -1: poll by wake_at.
  [[nodiscard]] virtual int ready_fd() const { return -1; }
};

/// The writer of one table on one node.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Writes rows of finished steps. `chunk` has the table's columns in order without delay_column and
  /// op_column; weights where the input is a changelog (then the table has an op_column or a key). `progress`
  /// covers the steps.
  [[nodiscard]] virtual Status write(const Chunk& chunk, const Progress& progress) = 0;
  /// All that was written becomes visible to others (write(2) has returned); called when the input pauses and
  /// after a bounded number of rows.
  [[nodiscard]] virtual Status flush() = 0;
  /// flush, then close; reports what only closing finds out.
  [[nodiscard]] virtual Status finish() = 0;
  [[nodiscard]] virtual std::uint64_t rows_written() const = 0;
  /// Delays from a row's origin (reading, or schedule) until write(2) had returned; null: not kept.
  [[nodiscard]] virtual const DelayHistogram* delays() const { return nullptr; }
};

/// Makes sources and sinks by name; given to the engine by the roof from the list in `connectors`.
class ConnectorFactory {
 public:
  virtual ~ConnectorFactory() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<Source>> open_source(const ReadRequest& request) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Sink>> open_sink(const plan::TableDefinition& table) = 0;
  /// The sink of an instance that goes on where another stood: what that one has written stays.
  [[nodiscard]] virtual Result<std::unique_ptr<Sink>> reopen_sink(const plan::TableDefinition& table) {
    return open_sink(table);
  }
};

}  // namespace dart::engine
