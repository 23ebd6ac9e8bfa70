#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "engine/connector.hpp"
#include "engine/operator.hpp"
#include "engine/stage.hpp"
#include "plan/distribution.hpp"
#include "plan/ring_wiring.hpp"

namespace dart::engine {

struct End {};
struct Watermark {
  EventTime time = kMinEventTime;
};

/// A mark behind which everything holds still (Chandy and Lamport, TOCS 1985).
struct Barrier {
  std::uint64_t id = 0;
};

/// What travels over an exchange, in order. Chunks own their bytes: they may cross threads.
struct Message {
  /// As a receiver: whoever takes the rows of this exchange, each of them.
  static constexpr std::uint32_t kEach = UINT32_MAX;

  std::size_t exchange = 0;  ///< index into Stages::exchanges
  std::variant<Chunk, Progress, Watermark, Barrier, End> content = End{};
  std::uint32_t sender = 0;        ///< which instance of the sending stage; in one process there is one
  std::uint32_t receiver = kEach;  ///< the partition that it is for
};

using plan::RingWiring;

/// One operator's share of a report.
struct OperatorReport {
  plan::NodeId node = 0;
  std::string kind;    ///< plan::kind_name
  std::string label;   ///< view or table
  std::string detail;  ///< plan::describe
  Counters counters;
  std::vector<RowErrorSample> error_samples;  ///< a Scan's first bad rows
  std::optional<DelayHistogram> delays;       ///< a Sink's, until its rows were written
  std::uint64_t rows_written = 0;             ///< a Sink's
};

struct InstanceSettings {
  std::size_t chunk_rows = 2048;
  NanoClock clock = nullptr;  ///< for busy times; null: none are kept
};

/// One running copy of a stage. Not thread-safe: the runtime lets at most one worker at it at a time. A
/// source stage is driven by `poll`, any other by `receive`; what it produces for other stages is taken from
/// `outgoing` after each.
class Instance {
 public:
  /// Opens the sources and sinks of the stage. `plan` outlives the instance.
  static Result<std::unique_ptr<Instance>> open(const plan::Plan& plan, const Stages& stages,
                                                std::size_t stage, const InstanceSettings& settings,
                                                ConnectorFactory& connectors);
  /// The same for a stage of a distributed plan, which outlives the instance. It differs in that exchanges
  /// may have several senders: their rows are put into one order where the plan needs one, and the least of
  /// their watermarks counts.
  static Result<std::unique_ptr<Instance>> open_in_ring(const plan::Distribution& distribution,
                                                        std::size_t stage, const RingWiring& wiring,
                                                        const InstanceSettings& settings,
                                                        ConnectorFactory& connectors);
  ~Instance();

  struct Turn {
    std::size_t rows = 0;  ///< rows read; 0: nothing was due
    std::optional<TimePoint>
        wake_at;  ///< with rows == 0: when to poll again; empty: when a ready_fd is readable
  };
  [[nodiscard]] bool has_sources() const;
  /// Reads at most `budget_rows` rows from the sources and drives them through the stage.
  Turn poll(TimePoint now, std::size_t budget_rows);
  /// Takes one message of an exchange that ends here.
  void receive(Message message);
  /// Nothing is waiting for this instance: sinks make visible what they hold (write(2)).
  void pause();
  /// Ends the sources early (Ctrl-C): the next `poll` finishes what has been read and closes the sinks.
  void stop_sources();

  /// Of a stage with sources: a barrier goes out behind what has been read, and nothing more is read until
  /// `resume`.
  void start_barrier(std::uint64_t id);
  /// The barrier behind which this instance holds still: that of all its senders has come, or its own was
  /// started.
  [[nodiscard]] std::optional<std::uint64_t> held_barrier() const;
  /// Goes on after a barrier; what came from behind it is taken now.
  void resume();
  /// Whether sources are read (the default); what has been read goes on.
  void hold_sources(bool hold);

  /// All that it holds, as bytes, taken when nothing of it waits in `outgoing` and its last input was a
  /// progress, a watermark or an end. Counters stay behind, and where its readers are is theirs to tell.
  [[nodiscard]] std::string snapshot() const;
  /// Into a fresh instance of the same stage. Wrong bytes, from another host or version, are an Error; the
  /// instance must not be used then.
  [[nodiscard]] Status restore(std::string_view bytes);

  /// What this instance has produced for other stages since it was last taken; the taker empties it.
  [[nodiscard]] std::vector<Message>& outgoing();
  /// All inputs have ended and all sinks are closed.
  [[nodiscard]] bool finished() const;
  /// The error that ended the query, if any.
  [[nodiscard]] const std::optional<Error>& failure() const;
  /// File descriptors of sources to wait for.
  [[nodiscard]] std::vector<int> ready_fds() const;
  [[nodiscard]] std::vector<OperatorReport> report() const;

 private:
  Instance();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dart::engine
