#include "engine/remote_inputs.hpp"

#include <algorithm>
#include <utility>

#include "engine/chunk_bytes.hpp"
#include "engine/concatenate.hpp"
#include "plan/meeting_scans.hpp"
#include "plan/source_chain.hpp"
#include "plan/window_grid.hpp"

namespace dart::engine {

namespace {

constexpr auto kBigInt = columnar::LogicalType::of(columnar::TypeId::BigInt);

bool all_have_ended(const auto& list) {
  return !list.empty() && std::all_of(list.begin(), list.end(), [](const auto& one) { return one.ended; });
}

}  // namespace

RemoteInputs::RemoteInputs(const plan::Distribution& distribution, std::size_t stage,
                           const RingWiring& wiring, Pipeline& pipeline)
    : pipeline_(pipeline) {
  for (const std::size_t exchange : distribution.stages[stage].inputs) {
    inputs_.push_back(make_input(distribution, exchange, wiring));
  }
  // Rows at equal times come in the order of the tables.
  std::stable_sort(inputs_.begin(), inputs_.end(),
                   [](const Input& a, const Input& b) { return a.edge->from_stage < b.edge->from_stage; });
  const std::vector<plan::NodeId> groups = plan::scans_in_one_order(distribution.plan);
  for (const plan::NodeId node : distribution.stages[stage].nodes) {
    if (std::holds_alternative<plan::Scan>(distribution.plan.nodes[node].kind)) {
      own_rows_.push_back(groups[node]);
    }
  }
  make_merges();
}

RemoteInputs::Input RemoteInputs::make_input(const plan::Distribution& distribution, std::size_t exchange,
                                             const RingWiring& wiring) const {
  Input input;
  input.exchange = exchange;
  input.edge = &distribution.exchanges[exchange];
  plan::RowShape shape = plan::row_shape(distribution, exchange);
  input.stepped = shape.stepped;
  input.types = std::move(shape.types);
  input.has_time = input.edge->time.has_value();
  input.waits = true;
  const plan::RingStage& from = distribution.stages[input.edge->from_stage];
  input.passing = from.role == plan::StageRole::Combine;
  input.shared = from.partitions > 1 || input.passing;
  if (from.role == plan::StageRole::Source) {
    const plan::TableDefinition& table = distribution.plan.tables[*from.table];
    input.shared = !plan::has_one_reader(table);
    input.waits = table.order == plan::MergeOrder::EventTime;
    input.cut_us = plan::window_grid(distribution.plan, from.nodes.front());
  }
  const RingWiring::Exchange& ends = wiring.exchanges[exchange];
  for (const std::uint32_t number : ends.senders) {
    Sender sender;
    sender.number = number;
    sender.away = std::find(ends.away.begin(), ends.away.end(), number) != ends.away.end();
    input.senders.push_back(std::move(sender));
  }
  return input;
}

/// Ordered exchanges of one group share an order; one with a single sender for good has one already.
void RemoteInputs::make_merges() {
  merges_.clear();
  for (Input& input : inputs_) input.merge.reset();
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const plan::RingExchange& first = *inputs_[i].edge;
    if (!first.ordered || inputs_[i].merge) continue;
    Merge merge{{}, SourceMerge(0), {}, false};
    bool needed = false;
    for (std::size_t k = i; k < inputs_.size(); ++k) {
      if (!inputs_[k].edge->ordered || inputs_[k].edge->group != first.group) continue;
      merge.inputs.push_back(k);
      needed = needed || inputs_[k].shared || k > i;
    }
    const auto own = std::count(own_rows_.begin(), own_rows_.end(), first.group);
    if (!needed && own == 0) continue;
    for (const std::size_t k : merge.inputs) add_readers(merge, k);
    // A SELECT without FROM comes before everything else.
    for (std::int64_t step = 0; step < own; ++step) merge.rows.add_empty_step({});
    for (const std::size_t k : merge.inputs) inputs_[k].merge = merges_.size();
    merges_.push_back(std::move(merge));
  }
}

void RemoteInputs::add_readers(Merge& merge, std::size_t index) {
  Input& input = inputs_[index];
  for (std::size_t s = 0; s < input.senders.size(); ++s) {
    Sender& sender = input.senders[s];
    sender.reader = merge.readers.size();
    SourceMerge::Reader reader;
    reader.has_time = input.has_time;
    reader.waits = input.waits;
    reader.ended = sender.ended;
    reader.watermark = sender.watermark;
    reader.waiting = std::move(sender.restored);
    sender.restored.clear();
    if (input.shared) {
      reader.table = index;
      reader.tie_break = input.edge->tie_break;
      reader.cut_us = input.cut_us;
    }
    merge.rows.add_reader(std::move(reader));
    merge.readers.emplace_back(index, s);
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
  } else if (input->merge) {
    take_ordered(*input, *sender, message);
  } else {
    take_unordered(*input, *sender, message);
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
      if (input.passing) {
        sender.ended = false;
        sender.handed_watermark = kMinEventTime;
      }
      std::deque<Message> behind = std::move(sender.behind);
      sender.behind.clear();
      for (Message& message : behind) receive(std::move(message));
    }
  }
}

bool RemoteInputs::all_ended() const { return all_have_ended(inputs_); }

void RemoteInputs::take_ordered(Input& input, Sender& sender, Message& message) {
  Merge& merge = merges_[*input.merge];
  SourceMerge::Reader& reader = merge.rows.reader(sender.reader);
  if (auto* chunk = std::get_if<Chunk>(&message.content)) {
    if (chunk->rows > 0) sender.open.push_back(std::move(*chunk));
    return;
  }
  if (const auto* watermark = std::get_if<Watermark>(&message.content)) {
    sender.watermark = std::max(sender.watermark, watermark->time);
    return;  // it counts from the progress of its step on
  }
  const auto* progress = std::get_if<Progress>(&message.content);
  admit(input, sender, progress == nullptr ? Progress{1, 0, {}, {}} : *progress);
  reader.watermark = sender.watermark;
  if (progress == nullptr) sender.ended = reader.ended = true;
  advance(merge);
}

/// What came since the last progress gets into the queue for its place.
void RemoteInputs::admit(Input& input, Sender& sender, const Progress& progress) {
  SourceMerge& rows = merges_[*input.merge].rows;
  const auto push = [&](Chunk chunk) {
    Admitted piece;
    if (input.has_time) piece.times.reset(kBigInt, 0);
    if (input.has_time && chunk.rows > 0) piece.times = chunk.columns[*input.edge->time];
    piece.rows = std::move(chunk);
    piece.watermark = kMinEventTime;
    piece.progress = progress;
    rows.reader(sender.reader).waiting.push_back(std::move(piece));
  };
  for (Chunk& chunk : sender.open) push(std::move(chunk));
  if (input.shared) {
    if (sender.open.empty()) rows.note_origin(progress.origin_last);
  } else {
    if (sender.open.empty()) push({});
    rows.reader(sender.reader).waiting.back().watermark = sender.watermark;
  }
  sender.open.clear();
}

void RemoteInputs::advance(Merge& merge) {
  const SourceMerge::Take take = [&](std::size_t reader, const Chunk& rows, const Chunk&,
                                     EventTime watermark) {
    Input& input = inputs_[merge.readers[reader].first];
    if (rows.rows > 0) {
      const std::size_t limit = pipeline_.input_of(input.exchange).chunk_rows();
      if (input.part_rows + rows.rows > limit) flush(input);
      input.part_rows += rows.rows;
      input.parts.push_back(rows);
    }
    raise(input, watermark);
  };
  bool done = false;
  const SourceMerge::Done on_done = [&](const Progress& progress) {
    done = true;
    raise_tables(merge);
    for (const std::size_t i : merge.inputs) {
      flush(inputs_[i]);
      pipeline_.input_of(inputs_[i].exchange).progress(progress);
    }
  };
  merge.rows.advance(take, on_done);
  if (!done && raise_tables(merge)) {
    merge.rows.add_empty_step({});
    merge.rows.advance(take, on_done);
  }
  end_when_all(merge);
}

/// Watermarks of tables with several readers. True when one rose.
bool RemoteInputs::raise_tables(Merge& merge) {
  bool any = false;
  for (const std::size_t i : merge.inputs) {
    Input& input = inputs_[i];
    if (!input.shared) continue;
    EventTime least = kMaxEventTime;
    for (const Sender& sender : input.senders) {
      const SourceMerge::Reader& reader = merge.rows.reader(sender.reader);
      if (!sender.ended || !reader.waiting.empty()) least = std::min(least, merge.rows.bound(sender.reader));
    }
    if (least == kMaxEventTime || least <= input.watermark) continue;
    raise(input, least);
    any = true;
  }
  return any;
}

void RemoteInputs::end_when_all(Merge& merge) {
  const bool all = std::all_of(merge.inputs.begin(), merge.inputs.end(),
                               [&](std::size_t i) { return all_have_ended(inputs_[i].senders); });
  if (merge.ended || !all || merge.rows.waiting_rows() != 0) return;
  merge.ended = true;
  for (const std::size_t i : merge.inputs) {
    inputs_[i].ended = true;
    pipeline_.input_of(inputs_[i].exchange).end();
  }
}

/// Hands on the rows that have their places.
void RemoteInputs::flush(Input& input) {
  if (input.parts.empty()) return;
  Chunk rows = concatenate(input.parts);
  input.parts.clear();
  input.part_rows = 0;
  if (input.edge->place) write_place(input, rows);
  if (!input.stepped) rows.steps = Vector();
  pipeline_.input_of(input.exchange).chunk(rows);
}

/// A row's place in the order of its table, which only this end knows.
void RemoteInputs::write_place(Input& input, Chunk& rows) {
  Vector places;
  places.reset(kBigInt, rows.rows);
  for (std::size_t r = 0; r < rows.rows; ++r) places.mutable_data<std::int64_t>()[r] = ++input.place;
  rows.columns[*input.edge->place] = std::move(places);
}

void RemoteInputs::raise(Input& input, EventTime watermark) {
  if (watermark <= input.watermark) return;
  flush(input);
  input.watermark = watermark;
  pipeline_.input_of(input.exchange).watermark(watermark);
}

void RemoteInputs::raise_least_watermark(Input& input) {
  EventTime least = kMaxEventTime;
  for (const Sender& sender : input.senders) {
    if (!sender.ended) least = std::min(least, sender.handed_watermark);
  }
  if (least != kMaxEventTime) raise(input, least);
}

void RemoteInputs::take_unordered(Input& input, Sender& sender, Message& message) {
  Output& out = pipeline_.input_of(input.exchange);
  if (auto* chunk = std::get_if<Chunk>(&message.content)) {
    if (input.shared) renumber(input, *chunk);
    if (input.edge->place) write_place(input, *chunk);
    out.chunk(*chunk);
  } else if (const auto* progress = std::get_if<Progress>(&message.content)) {
    if (!input.shared) return out.progress(*progress);
    const std::int64_t before = input.step;
    if (!input.stepped) input.step += std::max<std::int64_t>(0, progress->last - sender.last_step);
    sender.last_step = std::max(sender.last_step, progress->last);
    out.progress(
        {std::min(before + 1, input.step), input.step, progress->origin_first, progress->origin_last});
  } else if (const auto* watermark = std::get_if<Watermark>(&message.content)) {
    sender.handed_watermark = std::max(sender.handed_watermark, watermark->time);
    raise_least_watermark(input);
  } else {
    sender.ended = true;
    raise_least_watermark(input);
    if (!all_have_ended(input.senders)) return;
    input.ended = true;
    out.end();
  }
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
    out.fixed<std::uint8_t>(input.merge ? 1 : 0);
    out.varint(input.senders.size());
    for (const Sender& sender : input.senders) {
      out.fixed(sender.number);
      out.fixed<std::uint8_t>(sender.ended ? 1 : 0);
      out.fixed(sender.watermark);
      out.fixed(sender.handed_watermark);
      out.fixed(sender.last_step);
      if (input.merge) merges_[*input.merge].rows.snapshot_reader(sender.reader, out);
    }
    out.fixed(input.watermark);
    out.fixed(input.place);
    out.fixed(input.step);
    out.fixed<std::uint8_t>(input.ended ? 1 : 0);
  }
  for (const Merge& merge : merges_) {
    merge.rows.snapshot_place(out);
    out.fixed<std::uint8_t>(merge.ended ? 1 : 0);
  }
}

Status RemoteInputs::restore_sender(Input& input, ByteReader& in) {
  DART_TRY(const auto number, in.fixed<std::uint32_t>());
  const auto found = std::find_if(input.senders.begin(), input.senders.end(),
                                  [number = number](const Sender& one) { return one.number == number; });
  const bool gone = found == input.senders.end();
  Sender replaced;
  Sender* sender = &replaced;
  if (!input.passing && gone) {
    const auto place = std::find_if(input.senders.begin(), input.senders.end(),
                                    [number = number](const Sender& one) { return one.number > number; });
    sender = &*input.senders.insert(place, Sender());
    sender->number = number;
  } else if (!input.passing) {
    sender = &*found;
  }
  DART_TRY(const bool ended, read_flag(in));
  sender->ended = ended || gone;
  DART_TRY(sender->watermark, in.fixed<EventTime>());
  DART_TRY(sender->handed_watermark, in.fixed<EventTime>());
  DART_TRY(sender->last_step, in.fixed<std::int64_t>());
  if (!input.merge) return {};
  DART_TRY(sender->restored, SourceMerge::read_waiting(input.types, input.has_time, in));
  return {};
}

Status RemoteInputs::restore(ByteReader& in) {
  for (Input& input : inputs_) {
    DART_TRY(const bool merged, read_flag(in));
    if (merged != input.merge.has_value()) return fail(ErrorCode::Data, "a snapshot of another stage");
    DART_TRY(const std::size_t senders, in.count());
    for (std::size_t s = 0; s < senders; ++s) DART_TRY_STATUS(restore_sender(input, in));
    DART_TRY(input.watermark, in.fixed<EventTime>());
    DART_TRY(input.place, in.fixed<std::int64_t>());
    DART_TRY(input.step, in.fixed<std::int64_t>());
    DART_TRY(input.ended, read_flag(in));
  }
  make_merges();
  for (Merge& merge : merges_) {
    DART_TRY_STATUS(merge.rows.restore_place(in));
    DART_TRY(merge.ended, read_flag(in));
  }
  return {};
}

}  // namespace dart::engine
