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
/// holds everything back that has to wait for it.
class RemoteInputs {
 public:
  /// All of it outlives this.
  RemoteInputs(const plan::Distribution& distribution, std::size_t stage, const RingWiring& wiring,
               Pipeline& pipeline);

  [[nodiscard]] bool empty() const { return inputs_.empty(); }
  /// Takes a message of Message::sender; one from behind a barrier waits.
  void receive(Message message);
  /// The barrier that all senders that are there and have not ended have sent.
  [[nodiscard]] std::optional<std::uint64_t> barrier() const;
  /// Takes what came from behind the barrier.
  void resume();
  [[nodiscard]] bool all_ended() const;

  void snapshot(ByteWriter& out) const;
  /// Into one with the same senders, or more.
  [[nodiscard]] Status restore(ByteReader& in);

 private:
  struct Sender {
    std::uint32_t number = 0;
    bool away = false;
    bool ended = false;
    std::optional<std::uint64_t> barrier;
    std::deque<Message> behind;           // the barrier
    EventTime watermark = kMinEventTime;  // as it came
    std::int64_t last_step = 0;           // of its last progress
    std::size_t reader = 0;               // of the merge, when ordered
    EventTime handed_watermark = kMinEventTime;
  };
  struct Input {
    std::size_t exchange = 0;
    const plan::RingExchange* edge = nullptr;
    bool stepped = false;
    std::vector<columnar::LogicalType> types;
    std::vector<Sender> senders;
    std::optional<std::size_t> merge;  // index into merges_
    EventTime watermark = kMinEventTime;
    std::int64_t place = 0;  // of the last row of the table
    std::int64_t step = 0;   // of an unordered one with several senders
    bool ended = false;
  };
  struct Merge {
    plan::NodeId group = 0;
    std::vector<std::size_t> inputs;
    SourceMerge rows;
    std::vector<std::pair<std::size_t, std::size_t>> readers;  // by reader: input, sender
    bool ended = false;
  };

  void make_merges();
  [[nodiscard]] Sender* find(const Message& message, Input*& input);
  void take(Input& input, Sender& sender, Message& message);
  void take_ordered(Input& input, Sender& sender, Message& message);
  void take_unordered(Input& input, Sender& sender, Message& message);
  void advance(Merge& merge);
  void hand_on(Input& input, Sender& sender, const Chunk& rows, EventTime watermark);
  void raise_watermark(Input& input);
  void renumber(Input& input, Chunk& chunk);
  void write_place(Input& input, Chunk& rows);
  void end_when_all(Input& input);

  Pipeline& pipeline_;
  std::vector<Input> inputs_;
  std::vector<Merge> merges_;
};

}  // namespace dart::engine
