#include "engine/remote_inputs.hpp"

#include <algorithm>
#include <utility>

#include "engine/chunk_bytes.hpp"

namespace dart::engine {

namespace {

constexpr auto kBigInt = columnar::LogicalType::of(columnar::TypeId::BigInt);

}  // namespace

RemoteInputs::RemoteInputs(const plan::Distribution& distribution, std::size_t stage,
                           const RingWiring& wiring, Pipeline& pipeline)
    : pipeline_(pipeline) {
  for (const std::size_t exchange : distribution.stages[stage].inputs) {
    Input input;
    input.exchange = exchange;
    input.edge = &distribution.exchanges[exchange];
    plan::RowShape shape = plan::row_shape(distribution, exchange);
    input.stepped = shape.stepped;
    input.types = std::move(shape.types);
    const RingWiring::Exchange& ends = wiring.exchanges[exchange];
    for (const std::uint32_t number : ends.senders) {
      Sender sender;
      sender.number = number;
      sender.away = std::find(ends.away.begin(), ends.away.end(), number) != ends.away.end();
      input.senders.push_back(std::move(sender));
    }
    inputs_.push_back(std::move(input));
  }
  make_merges();
  for (Input& input : inputs_) end_when_all(input);
}

/// Ordered exchanges of one group share an order; one with a single sender has one already.
void RemoteInputs::make_merges() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const Input& first = inputs_[i];
    if (!first.edge->ordered || first.merge) continue;
    std::vector<std::size_t> members;
    std::size_t readers = 0;
    for (std::size_t k = i; k < inputs_.size(); ++k) {
      if (!inputs_[k].edge->ordered || inputs_[k].edge->group != first.edge->group) continue;
      members.push_back(k);
      readers += inputs_[k].senders.size();
    }
    if (readers < 2) continue;
    Merge merge{first.edge->group, members, SourceMerge(readers), {}, false};
    for (const std::size_t k : members) {
      Input& input = inputs_[k];
      input.merge = merges_.size();
      for (std::size_t s = 0; s < input.senders.size(); ++s) {
        input.senders[s].reader = merge.readers.size();
        SourceMerge::Reader& reader = merge.rows.reader(merge.readers.size());
        reader.has_time = input.edge->time.has_value();
        // Without a time to go by, rows are taken as they come.
        reader.waits = reader.has_time;
        reader.table = k;
        reader.tie_break = input.edge->tie_break;
        merge.readers.emplace_back(k, s);
      }
    }
    merges_.push_back(std::move(merge));
  }
}

RemoteInputs::Sender* RemoteInputs::find(const Message& message, Input*& input) {
  const auto found = std::find_if(inputs_.begin(), inputs_.end(),
                                  [&](const Input& one) { return one.exchange == message.exchange; });
  if (found == inputs_.end()) return nullptr;
  input = &*found;
  const auto sender = std::find_if(found->senders.begin(), found->senders.end(),
                                   [&](const Sender& one) { return one.number == message.sender; });
  return sender == found->senders.end() ? nullptr : &*sender;
}

void RemoteInputs::receive(Message message) {
  Input* input = nullptr;
  Sender* sender = find(message, input);
  if (sender == nullptr || sender->ended) return;
  if (sender->barrier) {
    sender->behind.push_back(std::move(message));
  } else if (const auto* barrier = std::get_if<Barrier>(&message.content)) {
    sender->barrier = barrier->id;
  } else {
    take(*input, *sender, message);
  }
}

std::optional<std::uint64_t> RemoteInputs::barrier() const {
  std::optional<std::uint64_t> id;
  for (const Input& input : inputs_) {
    for (const Sender& sender : input.senders) {
      if (sender.away || sender.ended) continue;
      if (!sender.barrier) return std::nullopt;
      id = std::max(id.value_or(0), *sender.barrier);
    }
  }
  return id;
}

void RemoteInputs::resume() {
  for (Input& input : inputs_) {
    for (Sender& sender : input.senders) {
      sender.barrier.reset();
      std::deque<Message> behind = std::move(sender.behind);
      sender.behind.clear();
      for (Message& message : behind) receive(std::move(message));
    }
  }
}

bool RemoteInputs::all_ended() const {
  return std::all_of(inputs_.begin(), inputs_.end(), [](const Input& input) { return input.ended; });
}

void RemoteInputs::take(Input& input, Sender& sender, Message& message) {
  if (input.merge) {
    take_ordered(input, sender, message);
  } else {
    take_unordered(input, sender, message);
  }
}

void RemoteInputs::take_ordered(Input& input, Sender& sender, Message& message) {
  Merge& merge = merges_[*input.merge];
  SourceMerge::Reader& reader = merge.rows.reader(sender.reader);
  if (auto* chunk = std::get_if<Chunk>(&message.content)) {
    Admitted piece;
    if (input.edge->time) piece.times = chunk->columns[*input.edge->time];
    piece.rows = std::move(*chunk);
    piece.progress = {1, 0, {}, {}};
    reader.waiting.push_back(std::move(piece));
    return;
  }
  if (const auto* watermark = std::get_if<Watermark>(&message.content)) {
    sender.watermark = watermark->time;
    return;
  }
  if (const auto* progress = std::get_if<Progress>(&message.content)) {
    // The watermark comes between the rows that moved it and the progress of their step.
    Admitted piece;
    piece.watermark = sender.watermark;
    piece.progress = *progress;
    if (input.edge->time) piece.times.reset(kBigInt, 0);
    reader.waiting.push_back(std::move(piece));
    reader.watermark = sender.watermark;
  } else {
    sender.ended = reader.ended = true;
  }
  advance(merge);
}

void RemoteInputs::advance(Merge& merge) {
  merge.rows.advance(
      [&](std::size_t reader, const Chunk& rows, const Chunk&, EventTime watermark) {
        Input& input = inputs_[merge.readers[reader].first];
        hand_on(input, input.senders[merge.readers[reader].second], rows, watermark);
      },
      [&](const Progress& progress) {
        for (const std::size_t i : merge.inputs) pipeline_.input_of(inputs_[i].exchange).progress(progress);
      });
  const auto done = [&](const std::pair<std::size_t, std::size_t>& reader) {
    return inputs_[reader.first].senders[reader.second].ended;
  };
  if (merge.ended || !std::all_of(merge.readers.begin(), merge.readers.end(), done)) return;
  if (merge.rows.waiting_rows() != 0) return;
  merge.ended = true;
  for (const std::size_t i : merge.inputs) {
    inputs_[i].ended = true;
    pipeline_.input_of(inputs_[i].exchange).end();
  }
}

void RemoteInputs::hand_on(Input& input, Sender& sender, const Chunk& rows, EventTime watermark) {
  if (rows.rows > 0) {
    Chunk own = rows;
    if (input.edge->place) write_place(input, own);
    if (!input.stepped) own.steps = Vector();
    pipeline_.input_of(input.exchange).chunk(own);
  }
  sender.handed_watermark = std::max(sender.handed_watermark, watermark);
  raise_watermark(input);
}

/// A row's place in the order of its table, which only this end knows.
void RemoteInputs::write_place(Input& input, Chunk& rows) {
  Vector places;
  places.reset(kBigInt, rows.rows);
  for (std::size_t r = 0; r < rows.rows; ++r) places.mutable_data<std::int64_t>()[r] = ++input.place;
  rows.columns[*input.edge->place] = std::move(places);
}

void RemoteInputs::raise_watermark(Input& input) {
  EventTime least = kMaxEventTime;
  for (const Sender& sender : input.senders) {
    if (!sender.ended) least = std::min(least, sender.handed_watermark);
  }
  if (least == kMaxEventTime || least <= input.watermark) return;
  input.watermark = least;
  pipeline_.input_of(input.exchange).watermark(least);
}

void RemoteInputs::take_unordered(Input& input, Sender& sender, Message& message) {
  Output& out = pipeline_.input_of(input.exchange);
  const bool alone = input.senders.size() == 1;
  if (auto* chunk = std::get_if<Chunk>(&message.content)) {
    if (!alone) renumber(input, *chunk);
    if (input.edge->place && !alone) write_place(input, *chunk);
    out.chunk(*chunk);
  } else if (const auto* progress = std::get_if<Progress>(&message.content)) {
    if (alone) return out.progress(*progress);
    const std::int64_t before = input.step;
    if (!input.stepped) input.step += std::max<std::int64_t>(0, progress->last - sender.last_step);
    sender.last_step = std::max(sender.last_step, progress->last);
    out.progress(
        {std::min(before + 1, input.step), input.step, progress->origin_first, progress->origin_last});
  } else if (const auto* watermark = std::get_if<Watermark>(&message.content)) {
    sender.handed_watermark = std::max(sender.handed_watermark, watermark->time);
    raise_watermark(input);
  } else {
    sender.ended = true;
    if (!alone) raise_watermark(input);
    end_when_all(input);
  }
}

void RemoteInputs::end_when_all(Input& input) {
  const bool all = std::all_of(input.senders.begin(), input.senders.end(),
                               [](const Sender& sender) { return sender.ended; });
  if (!all || input.ended || input.merge) return;
  input.ended = true;
  pipeline_.input_of(input.exchange).end();
}

/// Steps of several senders become steps of one: each keeps its rows together.
void RemoteInputs::renumber(Input& input, Chunk& chunk) {
  if (!chunk.steps.is_present() || chunk.rows == 0) return;
  Vector steps;
  steps.reset(kBigInt, chunk.rows);
  const std::int64_t* from = chunk.step_data();
  auto* to = steps.mutable_data<std::int64_t>();
  for (std::size_t r = 0; r < chunk.rows; ++r) {
    if (r == 0 || from[r] != from[r - 1]) ++input.step;
    to[r] = input.step;
  }
  chunk.steps = std::move(steps);
}

void RemoteInputs::snapshot(ByteWriter& out) const {
  for (const Input& input : inputs_) {
    out.varint(input.senders.size());
    for (const Sender& sender : input.senders) {
      out.fixed(sender.number);
      out.fixed<std::uint8_t>(sender.ended ? 1 : 0);
      out.fixed(sender.watermark);
      out.fixed(sender.handed_watermark);
      out.fixed(sender.last_step);
      if (!input.merge) continue;
      const SourceMerge& rows = merges_[*input.merge].rows;
      rows.snapshot_reader(sender.reader, out);
    }
    out.fixed(input.watermark);
    out.fixed(input.place);
    out.fixed(input.step);
    out.fixed<std::uint8_t>(input.ended ? 1 : 0);
    out.fixed<std::uint8_t>(input.merge ? 1 : 0);
  }
  for (const Merge& merge : merges_) {
    merge.rows.snapshot_place(out);
    out.fixed<std::uint8_t>(merge.ended ? 1 : 0);
  }
}

Status RemoteInputs::restore(ByteReader& in) {
  for (Input& input : inputs_) {
    DART_TRY(const std::size_t senders, in.count());
    for (std::size_t s = 0; s < senders; ++s) {
      DART_TRY(const auto number, in.fixed<std::uint32_t>());
      const auto sender =
          std::find_if(input.senders.begin(), input.senders.end(),
                       [&, wanted = number](const Sender& one) { return one.number == wanted; });
      if (sender == input.senders.end())
        return fail(ErrorCode::Data, "a snapshot with a sender that is not there");
      DART_TRY(sender->ended, read_flag(in));
      DART_TRY(sender->watermark, in.fixed<EventTime>());
      DART_TRY(sender->handed_watermark, in.fixed<EventTime>());
      DART_TRY(sender->last_step, in.fixed<std::int64_t>());
      if (!input.merge) continue;
      SourceMerge& rows = merges_[*input.merge].rows;
      DART_TRY_STATUS(rows.restore_reader(sender->reader, input.types, in));
      rows.reader(sender->reader).ended = sender->ended;
      rows.reader(sender->reader).watermark = sender->watermark;
    }
    DART_TRY(input.watermark, in.fixed<EventTime>());
    DART_TRY(input.place, in.fixed<std::int64_t>());
    DART_TRY(input.step, in.fixed<std::int64_t>());
    DART_TRY(input.ended, read_flag(in));
    DART_TRY(const bool merged, read_flag(in));
    if (merged != input.merge.has_value()) return fail(ErrorCode::Data, "a snapshot of another wiring");
  }
  for (Merge& merge : merges_) {
    DART_TRY_STATUS(merge.rows.restore_place(in));
    DART_TRY(merge.ended, read_flag(in));
  }
  return {};
}

}  // namespace dart::engine
