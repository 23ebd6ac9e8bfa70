#include "engine/instance.hpp"

#include <algorithm>

#include "engine/chunk_bytes.hpp"
#include "engine/one_row_source.hpp"
#include "engine/operators/sink.hpp"
#include "engine/pipeline.hpp"
#include "engine/remote_inputs.hpp"
#include "engine/source_gate.hpp"
#include "engine/source_merge.hpp"
#include "plan/meeting_scans.hpp"
#include "plan/window_grid.hpp"

namespace dart::engine {

namespace {

/// The first byte of a snapshot; raised with every change of what follows.
constexpr std::uint8_t kSnapshotVersion = 2;

/// One table being read: the reader, its gate, and the scan that its rows enter the graph by.
struct Reading {
  plan::NodeId node = 0;
  bool stepped = false;
  std::unique_ptr<Source> source;
  std::unique_ptr<SourceGate> gate;
  std::optional<std::int64_t> idle_after_us;
  std::deque<Admitted> admitted;
  std::optional<std::size_t> group;  // index into groups, when merged with others
  std::size_t place = 0;             // within its group
  plan::NodeId company = 0;          // the same for all readings whose rows it meets somewhere
  EventTime watermark = kMinEventTime;
  std::optional<TimePoint> last_row;  // or the first look for one
  bool idle = false;                  // as of the last look: nothing came for idle_after
  bool ended = false;
};

/// Readings whose rows meet in one stepped operator: put into one order before they enter the graph.
struct MergedReadings {
  std::vector<std::size_t> readings;
  SourceMerge merge;
};

}  // namespace

struct Instance::Impl {
  const plan::Plan* plan = nullptr;
  std::vector<plan::NodeId> nodes;
  std::vector<std::size_t> inputs;  // exchanges that end here
  std::vector<bool> feeds_others;   // by node: other stages read it
  std::vector<Operator*> limits;    // operators that may want no more
  std::unique_ptr<Pipeline> pipeline;
  std::vector<Reading> readings;
  std::deque<MergedReadings> merged;
  std::vector<SinkOperator*> sinks;
  std::size_t open_inputs = 0;
  std::size_t next_reading = 0;
  std::size_t chunk_rows = 0;
  NanoClock clock = nullptr;
  bool stopped = false;
  std::optional<Error> failure;
  Chunk raw;
  std::optional<RemoteInputs> remote;  // in a ring
  std::vector<std::size_t> outputs;    // exchanges that start here
  std::vector<std::size_t> combined;   // of these, those that end at a Combine
  bool hands_on = false;               // it is one: others take its place behind a barrier
  std::optional<std::uint64_t> held;   // the barrier behind which it holds still
  bool sources_held = false;

  Status open_source(plan::NodeId node, ConnectorFactory& connectors);
  void group_readings();
  std::size_t read(Reading& reading, TimePoint now, std::size_t max_rows, std::optional<TimePoint>& wake);
  void end(Reading& reading);
  void note_idle(Reading& reading, TimePoint now, bool moved, std::optional<TimePoint>& wake);
  void follow_others(Reading& idle, TimePoint now);
  void forward(Reading& reading);
  void forward_merged(MergedReadings& group);
  void enter(Reading& reading, const Chunk& rows, const Chunk& late, EventTime watermark);
  Status restore_readings(ByteReader& in);
  void receive_remote(Message message);
  void after_remote();
  void pass_barrier(std::uint64_t id);
  void tell_again();
  void note_failures();
  [[nodiscard]] bool wants_more() const;
  void end_when_satisfied();
};

Status Instance::Impl::open_source(plan::NodeId node, ConnectorFactory& connectors) {
  const auto& scan = std::get<plan::Scan>(plan->nodes[node].kind);
  const plan::TableDefinition& table = plan->tables[scan.table];
  Reading reading;
  reading.node = node;
  reading.stepped = plan->nodes[node].stepped;
  reading.idle_after_us = table.idle_after_us;
  reading.gate = std::make_unique<SourceGate>(table, scan, plan::window_grid(*plan, node),
                                              pipeline->operator_of(node)->counters);
  if (table.connector == plan::kOneRowConnector) {
    reading.source = std::make_unique<OneRowSource>();
  } else {
    DART_TRY(reading.source, connectors.open_source(reading.gate->request()));
  }
  readings.push_back(std::move(reading));
  return {};
}

void Instance::Impl::group_readings() {
  const std::vector<plan::NodeId> meeting = plan::scans_in_one_order(*plan);
  const std::vector<plan::NodeId> companies = plan::scans_that_meet(*plan);
  for (Reading& reading : readings) reading.company = companies[reading.node];
  for (std::size_t r = 0; r < readings.size(); ++r) {
    std::vector<std::size_t> members;
    for (std::size_t other = 0; other < readings.size(); ++other) {
      if (meeting[readings[other].node] == meeting[readings[r].node]) members.push_back(other);
    }
    if (members.size() < 2 || members.front() != r) continue;
    for (std::size_t place = 0; place < members.size(); ++place) {
      readings[members[place]].group = merged.size();
      readings[members[place]].place = place;
    }
    merged.push_back({members, SourceMerge(members.size())});
    for (std::size_t place = 0; place < members.size(); ++place) {
      const auto& scan = std::get<plan::Scan>(plan->nodes[readings[members[place]].node].kind);
      const plan::TableDefinition& table = plan->tables[scan.table];
      merged.back().merge.reader(place).has_time = table.event_time.has_value();
      merged.back().merge.reader(place).waits = table.order == plan::MergeOrder::EventTime;
    }
  }
}

/// Rows, late rows and a watermark enter the graph by the reading's scan.
void Instance::Impl::enter(Reading& reading, const Chunk& rows, const Chunk& late, EventTime watermark) {
  Output& out = pipeline->output_of(reading.node);
  if (rows.rows > 0) {
    if (reading.stepped) {
      out.chunk(rows);
    } else {
      Chunk plain = rows;
      plain.steps = Vector();
      out.chunk(plain);
    }
  }
  if (late.rows > 0) {
    Chunk plain = late;
    plain.steps = Vector();
    out.chunk(plain, 1);
  }
  if (watermark > reading.watermark) {
    reading.watermark = watermark;
    out.watermark(watermark);
  }
}

void Instance::Impl::forward(Reading& reading) {
  while (!reading.admitted.empty()) {
    const Admitted piece = std::move(reading.admitted.front());
    reading.admitted.pop_front();
    enter(reading, piece.rows, piece.late, piece.watermark);
    if (piece.progress.last >= piece.progress.first)
      pipeline->output_of(reading.node).progress(piece.progress);
  }
}

void Instance::Impl::forward_merged(MergedReadings& group) {
  for (const std::size_t r : group.readings) {
    Reading& reading = readings[r];
    SourceMerge::Reader& reader = group.merge.reader(reading.place);
    std::move(reading.admitted.begin(), reading.admitted.end(), std::back_inserter(reader.waiting));
    reading.admitted.clear();
    reader.watermark = reading.gate->watermark();
    reader.ended = reading.ended;
    reader.idle = reading.idle;
  }
  group.merge.advance(
      [&](std::size_t place, const Chunk& rows, const Chunk& late, EventTime watermark) {
        enter(readings[group.readings[place]], rows, late, watermark);
      },
      [&](const Progress& progress) {
        for (const std::size_t r : group.readings) pipeline->output_of(readings[r].node).progress(progress);
      });
}

void Instance::Impl::end(Reading& reading) {
  reading.gate->finish(reading.admitted);
  reading.ended = true;
}

std::size_t Instance::Impl::read(Reading& reading, TimePoint now, std::size_t max_rows,
                                 std::optional<TimePoint>& wake) {
  const std::int64_t begin = clock == nullptr ? 0 : clock();
  Result<ReadOutcome> outcome = reading.source->read(now, max_rows, raw);
  if (!outcome) {
    failure = std::move(outcome).error();
    return 0;
  }
  const bool moved = outcome->last_seq >= outcome->first_seq;
  const std::size_t consumed =
      moved ? static_cast<std::size_t>(outcome->last_seq - outcome->first_seq + 1) : std::size_t{0};
  reading.gate->take(raw, *outcome, reading.admitted);
  Counters& counters = pipeline->operator_of(reading.node)->counters;
  counters.rows_in += consumed;
  if (moved) ++counters.chunks_in;
  if (clock != nullptr) counters.busy_ns += clock() - begin;
  if (outcome->end) end(reading);
  if (consumed == 0 && outcome->wake_at && (!wake || *outcome->wake_at < *wake)) wake = outcome->wake_at;
  if (reading.idle_after_us && !outcome->end) note_idle(reading, now, moved, wake);
  if (reading.group) {
    forward_merged(merged[*reading.group]);
  } else {
    forward(reading);
  }
  if (reading.idle && !outcome->end) follow_others(reading, now);
  if (outcome->end) {
    if (!reading.group) {
      pipeline->output_of(reading.node).end();
    } else {
      const auto& members = merged[*reading.group].readings;
      const bool all =
          std::all_of(members.begin(), members.end(), [&](std::size_t r) { return readings[r].ended; });
      for (const std::size_t r : members) {
        if (all) pipeline->output_of(readings[r].node).end();
      }
    }
  }
  return consumed + (outcome->end ? 1 : 0);
}

void Instance::Impl::note_idle(Reading& reading, TimePoint now, bool moved, std::optional<TimePoint>& wake) {
  if (moved || !reading.last_row) reading.last_row = now;
  const TimePoint idle_at{reading.last_row->us + *reading.idle_after_us};
  reading.idle = now >= idle_at;
  if (!moved && !reading.idle && (!wake || idle_at < *wake)) wake = idle_at;
}

/// While a reading is idle its watermark follows the slowest of those that it meets, or, when none of them is
/// still moving, the fastest. So it holds no window open, and its rows are late from there on.
void Instance::Impl::follow_others(Reading& idle, TimePoint now) {
  EventTime slowest = kMaxEventTime;
  EventTime fastest = kMinEventTime;
  for (const Reading& other : readings) {
    if (&other == &idle || other.company != idle.company) continue;
    fastest = std::max(fastest, other.watermark);
    if (!other.ended && !other.idle) slowest = std::min(slowest, other.watermark);
  }
  if (!idle.gate->raise_watermark(slowest == kMaxEventTime ? fastest : slowest, now, idle.admitted)) return;
  if (idle.group) {
    merged[*idle.group].merge.add_empty_step(now);
    forward_merged(merged[*idle.group]);
  } else {
    forward(idle);
  }
}

Status Instance::Impl::restore_readings(ByteReader& in) {
  for (Reading& reading : readings) {
    DART_TRY(reading.watermark, in.fixed<EventTime>());
    DART_TRY(reading.ended, read_flag(in));
    DART_TRY_STATUS(reading.gate->restore(in));
  }
  for (MergedReadings& group : merged) {
    std::vector<std::vector<columnar::LogicalType>> types;
    for (const std::size_t r : group.readings) {
      types.emplace_back();
      for (const plan::Column& column : plan->nodes[readings[r].node].schema)
        types.back().push_back(column.type);
    }
    DART_TRY_STATUS(group.merge.restore(types, in));
  }
  return {};
}

void Instance::Impl::receive_remote(Message message) {
  remote->receive(std::move(message));
  after_remote();
}

void Instance::Impl::after_remote() {
  if (remote->all_ended()) open_inputs = 0;
  if (!held && open_inputs > 0) {
    if (const auto barrier = remote->barrier()) pass_barrier(*barrier);
  }
  note_failures();
  end_when_satisfied();
}

/// It goes on behind all that was made of what came before it.
void Instance::Impl::pass_barrier(std::uint64_t id) {
  held = id;
  for (const plan::NodeId node : nodes) {
    if (hands_on) pipeline->operator_of(node)->hand_on(pipeline->output_of(node));
  }
  for (const std::size_t exchange : outputs) {
    pipeline->outgoing().push_back({exchange, Barrier{id}, 0, Message::kEach});
  }
}

/// A Combine that stands behind a barrier in place of another has heard nothing of this one yet.
void Instance::Impl::tell_again() {
  for (const Reading& reading : readings) {
    for (const std::size_t exchange : combined) {
      const bool told = reading.watermark > kMinEventTime;
      if (told) pipeline->outgoing().push_back({exchange, Watermark{reading.watermark}, 0, Message::kEach});
      if (reading.ended) pipeline->outgoing().push_back({exchange, End{}, 0, Message::kEach});
    }
  }
}

void Instance::Impl::note_failures() {
  if (!failure && !pipeline->failures().empty()) failure = pipeline->failures().front();
}

/// Whether some sink or other stage can still be reached by a row from a source or an exchange.
bool Instance::Impl::wants_more() const {
  std::vector<bool> wanted = feeds_others;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const bool is_sink = std::holds_alternative<plan::Sink>(plan->nodes[*node].kind);
    if ((!wanted[*node] && !is_sink) || !pipeline->operator_of(*node)->wants_more()) continue;
    const auto& from = plan->nodes[*node].inputs;
    if (from.empty()) return true;  // a scan
    for (const plan::Input& input : from) {
      if (pipeline->operator_of(input.node) == nullptr) return true;  // an exchange
      wanted[input.node] = true;
    }
  }
  return false;
}

void Instance::Impl::end_when_satisfied() {
  const bool some_full =
      std::any_of(limits.begin(), limits.end(), [](const Operator* limit) { return !limit->wants_more(); });
  if (!some_full || stopped || wants_more()) return;
  stopped = true;
  if (open_inputs == 0) return;  // the next poll ends the sources
  for (const std::size_t exchange : inputs) pipeline->input_of(exchange).end();
  open_inputs = 0;
  note_failures();
}

Instance::Instance() : impl_(std::make_unique<Impl>()) {}
Instance::~Instance() = default;

Result<std::unique_ptr<Instance>> Instance::open_in_ring(const plan::Distribution& distribution,
                                                         std::size_t stage, const RingWiring& wiring,
                                                         const InstanceSettings& settings,
                                                         ConnectorFactory& connectors) {
  Stages stages;
  for (const plan::RingStage& one : distribution.stages) {
    stages.stages.push_back({one.nodes, one.inputs, one.outputs});
  }
  for (std::size_t e = 0; e < distribution.exchanges.size(); ++e) {
    const plan::RingExchange& one = distribution.exchanges[e];
    stages.exchanges.push_back(
        {one.from, one.to, one.port, one.from_stage, one.to_stage, one.keys, wiring.exchanges[e].receivers});
  }
  DART_TRY(auto instance, open(distribution.plan, stages, stage, settings, connectors));
  Impl& impl = *instance->impl_;
  impl.outputs = stages.stages[stage].outputs;
  impl.hands_on = distribution.stages[stage].role == plan::StageRole::Combine;
  for (const std::size_t exchange : impl.outputs) {
    const std::size_t to = stages.exchanges[exchange].to_stage;
    if (distribution.stages[to].role == plan::StageRole::Combine) impl.combined.push_back(exchange);
  }
  if (stages.stages[stage].inputs.empty()) return instance;
  impl.remote.emplace(distribution, stage, wiring, *impl.pipeline);
  return instance;
}

Result<std::unique_ptr<Instance>> Instance::open(const plan::Plan& plan, const Stages& stages,
                                                 std::size_t stage, const InstanceSettings& settings,
                                                 ConnectorFactory& connectors) {
  auto instance = std::unique_ptr<Instance>(new Instance());
  Impl& impl = *instance->impl_;
  impl.plan = &plan;
  impl.nodes = stages.stages[stage].nodes;
  impl.chunk_rows = settings.chunk_rows;
  impl.clock = settings.clock;
  DART_TRY(impl.pipeline, Pipeline::build(plan, stages, stage, settings, connectors));
  for (const plan::NodeId node : impl.nodes) {
    if (std::holds_alternative<plan::Scan>(plan.nodes[node].kind)) {
      DART_TRY_STATUS(impl.open_source(node, connectors));
    } else if (std::holds_alternative<plan::Sink>(plan.nodes[node].kind)) {
      impl.sinks.push_back(static_cast<SinkOperator*>(impl.pipeline->operator_of(node)));
    }
  }
  impl.group_readings();
  impl.inputs = stages.stages[stage].inputs;
  impl.open_inputs = impl.inputs.size();
  impl.feeds_others.resize(plan.nodes.size());
  for (const std::size_t exchange : stages.stages[stage].outputs) {
    impl.feeds_others[stages.exchanges[exchange].from.node] = true;
  }
  for (const plan::NodeId node : impl.nodes) {
    if (!std::holds_alternative<plan::Limit>(plan.nodes[node].kind)) continue;
    impl.limits.push_back(impl.pipeline->operator_of(node));
  }
  impl.end_when_satisfied();  // LIMIT 0
  return instance;
}

bool Instance::has_sources() const { return !impl_->readings.empty(); }

Instance::Turn Instance::poll(TimePoint now, std::size_t budget_rows) {
  Turn turn;
  Impl& impl = *impl_;
  if (impl.held || impl.sources_held) return turn;
  // Readers take turns; one round in which none had anything ends the turn.
  std::size_t quiet = 0;
  while (turn.rows < budget_rows && quiet < impl.readings.size() && !impl.failure) {
    Reading& reading = impl.readings[impl.next_reading];
    impl.next_reading = (impl.next_reading + 1) % impl.readings.size();
    if (reading.ended) {
      ++quiet;
      continue;
    }
    if (impl.stopped) {
      impl.end(reading);
      if (reading.group) {
        impl.forward_merged(impl.merged[*reading.group]);
      } else {
        impl.forward(reading);
      }
      impl.pipeline->output_of(reading.node).end();
      continue;
    }
    const std::size_t rows =
        impl.read(reading, now, std::min(impl.chunk_rows, budget_rows - turn.rows), turn.wake_at);
    turn.rows += rows;
    quiet = rows == 0 ? quiet + 1 : 0;
    impl.note_failures();
    impl.end_when_satisfied();
  }
  impl.note_failures();
  return turn;
}

void Instance::receive(Message message) {
  Impl& impl = *impl_;
  if (impl.open_inputs == 0) return;  // satisfied already; the sender does not know yet
  if (impl.remote) return impl.receive_remote(std::move(message));
  Output& input = impl.pipeline->input_of(message.exchange);
  if (auto* chunk = std::get_if<Chunk>(&message.content)) {
    input.chunk(*chunk);
  } else if (auto* progress = std::get_if<Progress>(&message.content)) {
    input.progress(*progress);
  } else if (auto* watermark = std::get_if<Watermark>(&message.content)) {
    input.watermark(watermark->time);
  } else {
    --impl.open_inputs;
    input.end();
  }
  impl.note_failures();
  impl.end_when_satisfied();
}

void Instance::start_barrier(std::uint64_t id) {
  if (!impl_->held) impl_->pass_barrier(id);
}

std::optional<std::uint64_t> Instance::held_barrier() const { return impl_->held; }

void Instance::resume() {
  impl_->held.reset();
  impl_->tell_again();
  if (!impl_->remote || impl_->open_inputs == 0) return;
  impl_->remote->resume();
  impl_->after_remote();
}

void Instance::hold_sources(bool hold) { impl_->sources_held = hold; }

void Instance::pause() {
  for (SinkOperator* sink : impl_->sinks) {
    if (Status status = sink->pause(); !status && !impl_->failure) impl_->failure = std::move(status).error();
  }
}

void Instance::stop_sources() { impl_->stopped = true; }

std::string Instance::snapshot() const {
  ByteWriter out;
  out.fixed(kSnapshotVersion);
  for (const plan::NodeId node : impl_->nodes) {
    ByteWriter state;
    impl_->pipeline->operator_of(node)->snapshot(state);
    out.text(state.bytes());
  }
  for (const Reading& reading : impl_->readings) {
    out.fixed(reading.watermark);
    out.fixed<std::uint8_t>(reading.ended ? 1 : 0);
    reading.gate->snapshot(out);
  }
  for (const MergedReadings& group : impl_->merged) group.merge.snapshot(out);
  if (impl_->remote) impl_->remote->snapshot(out);
  out.varint(impl_->open_inputs);
  out.varint(impl_->next_reading);
  out.fixed<std::uint8_t>(impl_->stopped ? 1 : 0);
  return out.take();
}

Status Instance::restore(std::string_view bytes) {
  ByteReader in(bytes);
  DART_TRY(const std::uint8_t version, in.fixed<std::uint8_t>());
  if (version != kSnapshotVersion) {
    return fail(ErrorCode::Data, "a snapshot in the layout of another version of dart");
  }
  for (const plan::NodeId node : impl_->nodes) {
    DART_TRY(const std::string_view state, in.text());
    ByteReader own(state);
    DART_TRY_STATUS(impl_->pipeline->operator_of(node)->restore(own));
    if (own.remaining() != 0) return fail(ErrorCode::Data, "bytes behind the end of an operator's state");
  }
  DART_TRY_STATUS(impl_->restore_readings(in));
  if (impl_->remote) DART_TRY_STATUS(impl_->remote->restore(in));
  DART_TRY(impl_->open_inputs, in.varint());
  DART_TRY(impl_->next_reading, in.varint());
  DART_TRY(impl_->stopped, read_flag(in));
  if (in.remaining() != 0 || impl_->open_inputs > impl_->inputs.size() ||
      impl_->next_reading >= std::max<std::size_t>(1, impl_->readings.size())) {
    return fail(ErrorCode::Data, "a snapshot of another stage");
  }
  impl_->tell_again();
  return {};
}

std::vector<Message>& Instance::outgoing() { return impl_->pipeline->outgoing(); }

bool Instance::finished() const {
  const auto& readings = impl_->readings;
  return impl_->open_inputs == 0 &&
         std::all_of(readings.begin(), readings.end(), [](const Reading& reading) { return reading.ended; });
}

const std::optional<Error>& Instance::failure() const { return impl_->failure; }

std::vector<int> Instance::ready_fds() const {
  std::vector<int> fds;
  for (const Reading& reading : impl_->readings) {
    if (!reading.ended && reading.source->ready_fd() >= 0) fds.push_back(reading.source->ready_fd());
  }
  return fds;
}

std::vector<OperatorReport> Instance::report() const {
  std::vector<OperatorReport> reports;
  for (const plan::NodeId node : impl_->nodes) {
    const Operator& op = *impl_->pipeline->operator_of(node);
    OperatorReport report;
    report.node = node;
    report.kind = plan::kind_name(impl_->plan->nodes[node].kind);
    report.label = impl_->plan->nodes[node].label;
    report.detail = plan::describe(*impl_->plan, node);
    report.counters = op.counters;
    report.counters.state_bytes = op.state_bytes();
    for (const Reading& reading : impl_->readings) {
      if (reading.node != node) continue;
      for (const auto& [reason, count] : reading.source->errors()) report.counters.errors[reason] += count;
      const auto samples = reading.source->error_samples();
      report.error_samples.assign(samples.begin(), samples.end());
    }
    if (const auto* writer = dynamic_cast<const SinkOperator*>(&op)) {
      report.rows_written = writer->sink().rows_written();
      if (const DelayHistogram* delays = writer->sink().delays()) report.delays = *delays;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace dart::engine
