#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "columnar/chunk.hpp"
#include "engine/reason_counts.hpp"

namespace dart::engine {

using columnar::Chunk;
using columnar::Vector;

/// "All rows of steps up to `last` have been handed over." `origin` is when the causing rows were read, or
/// were due when they come by a schedule: that of step s lies on the line from (first, origin_first) to
/// (last, origin_last).
struct Progress {
  std::int64_t first = 0;
  std::int64_t last = 0;
  TimePoint origin_first;
  TimePoint origin_last;

  [[nodiscard]] TimePoint origin(std::int64_t step) const {
    if (last <= first || step >= last) return origin_last;
    if (step <= first) return origin_first;
    const auto part = static_cast<double>(step - first) / static_cast<double>(last - first);
    return {origin_first.us +
            static_cast<std::int64_t>(part * static_cast<double>((origin_last - origin_first).us))};
  }
};

/// What one operator has done; read by --stats and the API. Rows count with the size of their weight ignored.
struct Counters {
  std::uint64_t rows_in = 0;
  std::uint64_t rows_out = 0;
  std::uint64_t chunks_in = 0;
  std::uint64_t late = 0;
  ReasonCounts dropped;                         ///< by reason: a filter's conjunct, "limit reached"
  std::map<std::string, std::uint64_t> errors;  ///< by reason: "division by zero"
  std::int64_t busy_ns = 0;
  EventTime watermark = kMinEventTime;
  std::size_t state_bytes = 0;
};

class Output;

/// One running operator of a pipeline. Data, progress, watermarks and the end arrive in one order, per port;
/// whatever it makes of them goes to the Output it is handed, as often as it likes, before it returns. Chunks
/// handed in may be shared: read them, copy Vectors to keep them, never write to them. A step's rows may come
/// in several chunks; it is over when `on_progress` passes it.
class Operator {
 public:
  Operator() = default;
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  virtual void on_chunk(std::size_t port, const Chunk& chunk, Output& out) = 0;
  virtual void on_progress(std::size_t port, const Progress& progress, Output& out);
  virtual void on_watermark(std::size_t port, EventTime watermark, Output& out);
  /// Nothing more comes on this port.
  virtual void on_end(std::size_t port, Output& out);

  /// What it holds is handed on: another operator in its place begins with nothing. Only for those whose
  /// output puts up with it, the others keep it.
  virtual void hand_on(Output& out);

  /// The state as bytes, taken between two steps.
  virtual void snapshot(ByteWriter& out) const;
  /// Into a fresh operator of the same plan node.
  virtual Status restore(ByteReader& in);
  [[nodiscard]] virtual std::size_t state_bytes() const { return 0; }
  /// False once no further row can change anything behind it: a LIMIT that is full.
  [[nodiscard]] virtual bool wants_more() const { return true; }

  Counters counters;
};

/// Reads a monotonic clock in nanoseconds; given by the runtime (the simulator gives its own), never read by
/// engine.
using NanoClock = std::int64_t (*)();

/// Where an operator's output goes: to the operators behind it, directly, and to exchanges. One per operator.
class Output {
 public:
  struct Edge {
    Operator* to = nullptr;
    std::size_t port = 0;
    Output* next = nullptr;  ///< the output of `to`
  };

  void chunk(const Chunk& chunk, std::size_t output = 0);
  void progress(const Progress& progress);
  void watermark(EventTime watermark);
  void end();
  /// The query cannot go on: a sink's disk is full, a broken invariant of remote data.
  void fail(Error error);

  /// Rows of one chunk at most on this edge.
  [[nodiscard]] std::size_t chunk_rows() const { return chunk_rows_; }

 private:
  friend class Pipeline;
  template <class Call>
  void timed(Operator& to, Call&& call);

  std::vector<Edge> edges_[2];  // by output
  Counters* counters_ = nullptr;
  std::size_t chunk_rows_ = 0;
  NanoClock clock_ = nullptr;
  std::int64_t* nested_ns_ = nullptr;  // time spent in operators called from the one now running
  std::vector<Error>* failures_ = nullptr;
};

}  // namespace dart::engine
