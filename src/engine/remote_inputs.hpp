#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "engine/instance.hpp"
#include "engine/pipeline.hpp"
#include "engine/source_merge.hpp"
#include "plan/distribution.hpp"

namespace dart::engine {

/// The exchanges that end at one instance in a ring, each with any number of senders. Ordered ones are put
/// into one order by a SourceMerge, as the readers of one machine are; of the others rows go on as they come,
/// the least watermark of the senders counts, and steps are numbered anew. A sender that was never heard of
/// holds everything back that has to wait for it, and where any number of senders may come, none at all does
/// so too.
class RemoteInputs {
 public:
  /// All of it outlives this.
  RemoteInputs(const plan::Distribution& distribution, std::size_t stage, const RingWiring& wiring,
               Pipeline& pipeline);

  /// Takes a message of Message::sender; one from behind a barrier waits.
  void receive(Message message);
  /// The barrier that all senders that are there and have not ended have sent.
  [[nodiscard]] std::optional<std::uint64_t> barrier() const;
  /// Takes what came from behind the barrier. Combines that send are others from now on.
  void resume();
  [[nodiscard]] bool all_ended() const;

  void snapshot(ByteWriter& out) const;
  /// Into one that was just made. Senders that the bytes do not know start afresh; those that only the bytes
  /// know send no more, and what they sent is kept. Combines all start afresh: they hold nothing behind a
  /// barrier, and tell their watermark again.
  [[nodiscard]] Status restore(ByteReader& in);

 private:
  struct Sender {
    std::uint32_t number = 0;
    bool away = false;
    bool ended = false;
    std::optional<std::uint64_t> barrier;
    std::deque<Message> behind;           // the barrier
    std::deque<Chunk> open;               // rows whose progress has not come yet
    EventTime watermark = kMinEventTime;  // as it came
    EventTime handed_watermark = kMinEventTime;
    std::int64_t last_step = 0;     // of its last progress
    std::size_t reader = 0;         // of the merge, when ordered
    std::deque<Admitted> restored;  // what waited, until the merge is made
  };
  struct Input {
    std::size_t exchange = 0;
    const plan::RingExchange* edge = nullptr;
    bool stepped = false;
    bool shared = false;   // any number of senders may come
    bool passing = false;  // senders are Combines: after a barrier others have their numbers
    bool has_time = false;
    bool waits = false;
    std::int64_t cut_us = 0;
    std::vector<columnar::LogicalType> types;
    std::vector<Sender> senders;
    std::optional<std::size_t> merge;  // index into merges_
    std::vector<Chunk> parts;          // in order, about to be handed on as one chunk
    std::size_t part_rows = 0;
    EventTime watermark = kMinEventTime;
    std::int64_t place = 0;  // of the last row of the table
    std::int64_t step = 0;   // of an unordered one with several senders
    bool ended = false;
  };
  struct Merge {
    std::vector<std::size_t> inputs;
    SourceMerge rows;
    std::vector<std::pair<std::size_t, std::size_t>> readers;  // by reader: input, sender
    bool ended = false;
  };

  [[nodiscard]] Input make_input(const plan::Distribution& distribution, std::size_t exchange,
                                 const RingWiring& wiring) const;
  void make_merges();
  void add_readers(Merge& merge, std::size_t input);
  [[nodiscard]] Sender* find(const Message& message, Input*& input);
  void take_ordered(Input& input, Sender& sender, Message& message);
  void admit(Input& input, Sender& sender, const Progress& progress);
  void advance(Merge& merge);
  bool raise_tables(Merge& merge);
  void end_when_all(Merge& merge);
  void flush(Input& input);
  void take_unordered(Input& input, Sender& sender, Message& message);
  void raise_least_watermark(Input& input);
  void raise(Input& input, EventTime watermark);
  void renumber(Input& input, Chunk& chunk);
  void write_place(Input& input, Chunk& rows);
  [[nodiscard]] Status restore_sender(Input& input, ByteReader& in);

  Pipeline& pipeline_;
  std::vector<Input> inputs_;
  std::vector<Merge> merges_;
  std::vector<plan::NodeId> own_rows_;  // groups of the one-row scans of this stage, one entry a scan
};

}  // namespace dart::engine
