#include "sim/query_twin.hpp"

#include <algorithm>

namespace dart::sim {

namespace {

namespace exchange = engine::exchange;

/// Small, so that senders have to wait for credit.
constexpr std::uint64_t kWindowBytes = 2U << 10;
/// Rows that a source reads in one turn.
constexpr std::size_t kRows = 8;
constexpr std::size_t kStatePiece = 16U << 10;
constexpr std::int64_t kAskAgainUs = 300'000;

bool is_source(const placement::OpenInstance& action) {
  return action.stages[action.instance.stage].role == placement::StageRole::Source;
}

exchange::RowLayout layout_of(const plan::Distribution& program, std::size_t number) {
  plan::RowShape shape = plan::row_shape(program, number);
  return {std::move(shape.types), shape.weighted, shape.stepped};
}

}  // namespace

std::shared_ptr<const plan::Distribution> Programs::of(const std::string& bytes) {
  const auto found = known_.find(bytes);
  if (found != known_.end()) return found->second;
  auto program = plan::decode_distribution(bytes);
  std::shared_ptr<const plan::Distribution> shared;
  if (program) shared = std::make_shared<const plan::Distribution>(std::move(*program));
  known_[bytes] = shared;
  return shared;
}

bool QueryTwin::perform(TimePoint now, const node::Action& action) {
  if (const auto* open_action = std::get_if<placement::OpenInstance>(&action)) {
    open(now, *open_action);
  } else if (const auto* fence_action = std::get_if<placement::Fence>(&action)) {
    fence(*fence_action);
  } else if (const auto* barrier = std::get_if<placement::StartBarrier>(&action)) {
    for (auto& [key, running] : running_) {
      const bool meant = key.first == barrier->query && running.action.epoch == barrier->epoch &&
                         running.instance != nullptr && is_source(running.action);
      if (meant) running.instance->start_barrier(barrier->barrier);
    }
  } else if (const auto* hold = std::get_if<placement::HoldSources>(&action)) {
    if (hold->hold) {
      sources_held_.insert(hold->query);
    } else {
      sources_held_.erase(hold->query);
    }
    for (auto& [key, running] : running_) {
      if (key.first == hold->query && running.instance != nullptr) running.instance->hold_sources(hold->hold);
    }
  } else {
    return false;
  }
  return true;
}

std::uint64_t QueryTwin::epoch_of(const Key& query) const {
  const auto found = fences_.find(query);
  return found == fences_.end() ? 0 : found->second;
}

/// What stands behind a barrier is not gone yet: its sources go on under the next epoch, its state may be
/// asked for.
void QueryTwin::fence(const placement::Fence& action) {
  std::uint64_t& epoch = fences_[action.query];
  if (action.epoch < epoch) return;
  epoch = action.epoch == UINT64_MAX ? epoch : action.epoch;
  for (auto it = running_.begin(); it != running_.end();) {
    const bool old = it->second.action.epoch < action.epoch || action.stop;
    if (it->first.first != action.query || !old) {
      ++it;
      continue;
    }
    keep_state(it->second);
    it = running_.erase(it);
  }
}

void QueryTwin::keep_state(Running& running) {
  if (running.instance == nullptr || !running.instance->held_barrier()) return;
  const auto key = std::pair(running.action.query, running.action.instance);
  states_[{key.first, *running.instance->held_barrier(), key.second.stage, key.second.number}] =
      running.instance->snapshot();
  if (is_source(running.action)) held_.insert_or_assign(key, std::move(running));
}

void QueryTwin::open(TimePoint now, const placement::OpenInstance& action) {
  Running running;
  running.action = action;
  running.program = programs_.of(action.program);
  if (running.program == nullptr) {
    inputs_.emplace_back(
        placement::Opened{action.query, action.epoch, action.instance, "the program cannot be read", true});
    return;
  }
  const auto key = std::pair(action.query, action.instance);
  const auto held = held_.find(key);
  const bool goes_on = action.barrier != 0 && held != held_.end() && is_source(action) &&
                       held->second.instance->held_barrier() == action.barrier;
  if (goes_on) {
    running.instance = std::move(held->second.instance);
    running.connectors = std::move(held->second.connectors);
    running.instance->resume();
  }
  if (held != held_.end()) held_.erase(held);
  auto& placed = running_.insert_or_assign(key, std::move(running)).first->second;
  if (goes_on || action.barrier == 0) return start(now, placed);
  const auto state =
      states_.find({action.query, action.barrier, action.instance.stage, action.instance.number});
  if (state != states_.end()) {
    placed.state = state->second;
    return start(now, placed);
  }
  placed.ask_again_us = now.us;  // asked for in the next turn
}

Status QueryTwin::make(Running& running) const {
  const auto& action = running.action;
  running.connectors = connectors_(action);
  const auto wiring = placement::ring_wiring(running.wiring, running.program->exchanges.size());
  DART_TRY(running.instance, engine::Instance::open_in_ring(*running.program, action.instance.stage, wiring,
                                                            {}, *running.connectors));
  if (action.barrier == 0) return {};
  return running.instance->restore(running.state);
}

void QueryTwin::start(TimePoint, Running& running) {
  const auto& action = running.action;
  const auto refuse = [&](const Error& error) {
    inputs_.emplace_back(placement::Opened{action.query, action.epoch, action.instance, error.message, true});
    running_.erase({action.query, action.instance});
  };
  auto wiring = placement::wire(*running.program, action.placed, action.instance);
  if (!wiring) return refuse(wiring.error());
  running.wiring = std::move(*wiring);
  if (running.instance == nullptr) {
    if (const Status made = make(running); !made) return refuse(made.error());
  }
  if (sources_held_.contains(action.query)) running.instance->hold_sources(true);
  lay_links(running);
  inputs_.emplace_back(placement::Opened{action.query, action.epoch, action.instance, std::nullopt, false});
}

void QueryTwin::lay_links(Running& running) const {
  const auto& action = running.action;
  const placement::InstanceId& self = action.instance;
  for (const placement::WiredOutput& output : running.wiring.outputs) {
    for (std::uint32_t place = 0; place < output.receivers.size(); ++place) {
      const placement::WiredPeer& peer = output.receivers[place];
      if (peer.away) continue;
      const exchange::LinkId link{action.query, action.epoch, output.exchange, self.number, peer.id.number};
      running.outs.push_back({peer.host, output.exchange, place, peer.id.number,
                              layout_of(*running.program, output.exchange), exchange::Sender(link)});
    }
  }
  for (const placement::WiredInput& input : running.wiring.inputs) {
    for (const placement::WiredPeer& peer : input.senders) {
      if (peer.away) continue;
      const exchange::LinkId link{action.query, action.epoch, peer.exchange, peer.id.number, self.number};
      running.ins.push_back({peer.host, peer, layout_of(*running.program, peer.exchange),
                             exchange::Receiver(link, kWindowBytes)});
    }
  }
}

void QueryTwin::heard(TimePoint now, const overlay::NodeHandle& from, std::string_view bytes) {
  const auto frame = exchange::decode(bytes);
  if (!frame) return;
  if (const auto* data = std::get_if<exchange::DataFrame>(&*frame)) {
    take(now, from, *data);
  } else if (const auto* ack = std::get_if<exchange::AckFrame>(&*frame)) {
    take_ack(now, *ack);
  } else if (const auto* fetch = std::get_if<exchange::FetchStateFrame>(&*frame)) {
    give_state(from, *fetch);
  } else if (const auto* state = std::get_if<exchange::StateFrame>(&*frame)) {
    take_state(now, *state);
  }
}

void QueryTwin::take(TimePoint now, const overlay::NodeHandle& from, const exchange::DataFrame& frame) {
  if (frame.link.epoch < epoch_of(frame.link.query)) {
    // Receivers enforce epochs, never senders (DESIGN §6).
    ++fenced_;
    frames_.emplace_back(
        from, exchange::encode(exchange::FencedFrame{frame.link.query, epoch_of(frame.link.query)}));
    return;
  }
  for (auto& [key, running] : running_) {
    const bool meant = key.first == frame.link.query && running.action.epoch == frame.link.epoch &&
                       key.second.number == frame.link.receiver && running.instance != nullptr;
    if (!meant) continue;
    for (In& in : running.ins) {
      if (in.peer.exchange != frame.link.exchange || in.peer.id.number != frame.link.sender) continue;
      // What stands behind a barrier takes nothing more; the frame comes again.
      if (running.instance->held_barrier()) return;
      const auto content = in.receiver.take(frame);
      if (!content) return;
      if (*content) {
        const auto messages = exchange::read_content(frame.link, in.layout, **content);
        if (!messages) return;
        for (const engine::Message& message : *messages) {
          engine::Message own = message;
          own.exchange = in.peer.arrives;
          own.sender = placement::sender_number(in.peer.id, in.peer);
          running.instance->receive(std::move(own));
        }
      }
      if (*content) in.receiver.consumed((*content)->size());
      pass_on(running);
      if (const auto ack = in.receiver.poll(now)) frames_.emplace_back(from, exchange::encode(*ack));
      report(running);
      return;
    }
  }
}

void QueryTwin::take_ack(TimePoint now, const exchange::AckFrame& frame) {
  for (auto& [key, running] : running_) {
    if (key.first != frame.link.query || running.action.epoch != frame.link.epoch) continue;
    for (Out& out : running.outs) {
      const bool meant = out.exchange == frame.link.exchange && out.receiver == frame.link.receiver &&
                         key.second.number == frame.link.sender;
      if (meant) out.sender.on_ack(now, frame);
    }
  }
}

void QueryTwin::give_state(const overlay::NodeHandle& to, const exchange::FetchStateFrame& frame) {
  exchange::StateFrame answer{frame.request, false, 0, frame.offset, {}};
  auto state = states_.find({frame.query, frame.barrier, frame.stage, frame.number});
  if (state == states_.end()) {
    const auto running = running_.find({frame.query, {frame.stage, frame.number}});
    const bool held = running != running_.end() && running->second.instance != nullptr &&
                      running->second.instance->held_barrier() == frame.barrier;
    if (held) {
      state = states_
                  .insert_or_assign({frame.query, frame.barrier, frame.stage, frame.number},
                                    running->second.instance->snapshot())
                  .first;
    }
  }
  if (state != states_.end() && frame.offset <= state->second.size()) {
    answer.known = true;
    answer.total = state->second.size();
    answer.bytes = std::string_view(state->second).substr(frame.offset, kStatePiece);
  }
  frames_.emplace_back(to, exchange::encode(answer));
}

void QueryTwin::take_state(TimePoint now, const exchange::StateFrame& frame) {
  for (auto& [key, running] : running_) {
    const auto number = static_cast<std::uint64_t>(key.second.stage) << 32 | key.second.number;
    const bool meant = running.instance == nullptr && running.ask_again_us != 0 &&
                       frame.request == (running.action.epoch << 40 ^ number) && frame.known &&
                       frame.offset == running.state.size();
    if (!meant) continue;
    running.state += frame.bytes;
    running.ask_again_us = now.us;
    if (running.state.size() < frame.total) return;
    running.ask_again_us = 0;
    start(now, running);
    return;
  }
}

void QueryTwin::turn(TimePoint now) {
  std::vector<std::pair<Key, placement::InstanceId>> all;
  for (const auto& [key, running] : running_) all.push_back(key);
  for (const auto& key : all) {
    const auto found = running_.find(key);
    if (found != running_.end()) run(now, found->second);
  }
}

void QueryTwin::run(TimePoint now, Running& running) {
  const auto& action = running.action;
  if (running.instance == nullptr) {
    if (running.ask_again_us == 0 || now.us < running.ask_again_us) return;
    running.ask_again_us = now.us + kAskAgainUs;
    const auto number = static_cast<std::uint64_t>(action.instance.stage) << 32 | action.instance.number;
    frames_.emplace_back(action.state_at,
                         exchange::encode(exchange::FetchStateFrame{
                             action.epoch << 40 ^ number, action.query, action.barrier_epoch, action.barrier,
                             action.instance.stage, action.instance.number, running.state.size()}));
    return;
  }
  const bool room = std::all_of(running.outs.begin(), running.outs.end(),
                                [](const Out& out) { return out.sender.has_room(); });
  if (running.instance->has_sources() && room) (void)running.instance->poll(now, kRows);
  running.instance->pause();
  pass_on(running);
  std::vector<std::string> due;
  for (Out& out : running.outs) {
    due.clear();
    out.sender.poll(now, due);
    for (std::string& frame : due) frames_.emplace_back(out.to, std::move(frame));
  }
  for (In& in : running.ins) {
    if (const auto ack = in.receiver.poll(now)) frames_.emplace_back(in.from, exchange::encode(*ack));
  }
  report(running);
}

void QueryTwin::pass_on(Running& running) {
  auto& outgoing = running.instance->outgoing();
  for (Out& out : running.outs) {
    std::vector<engine::Message> own;
    for (const engine::Message& message : outgoing) {
      const bool meant = message.exchange == out.exchange &&
                         (message.receiver == engine::Message::kEach || message.receiver == out.place);
      if (meant) own.push_back(message);
    }
    for (auto& content : exchange::write_contents(own, out.layout)) {
      out.sender.push(std::move(content.bytes), content.rows);
    }
  }
  outgoing.clear();
}

void QueryTwin::report(Running& running) {
  const auto& action = running.action;
  if (running.instance->failure() && !std::exchange(running.failed_told, true)) {
    inputs_.emplace_back(placement::InstanceFailed{action.query, action.epoch, action.instance,
                                                   running.instance->failure()->message, true});
    return;
  }
  if (const auto barrier = running.instance->held_barrier(); barrier && !running.barrier_told) {
    running.barrier_told = true;
    inputs_.emplace_back(placement::BarrierPassed{action.query, action.epoch, *barrier, action.instance});
  }
  const bool drained = std::all_of(running.outs.begin(), running.outs.end(),
                                   [](const Out& out) { return out.sender.drained(); });
  if (!running.instance->finished() || !drained || std::exchange(running.finished_told, true)) return;
  inputs_.emplace_back(placement::InstanceFinished{action.query, action.epoch, action.instance});
}

}  // namespace dart::sim
