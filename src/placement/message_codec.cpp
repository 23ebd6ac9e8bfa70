#include "placement/message_codec.hpp"

#include <utility>

#include <placement/placement.pb.h>

#include "placement/wire_parts.hpp"

namespace dart::placement {

namespace {

using overlay::id_bytes;
using overlay::read_enum;
using overlay::read_id;
using overlay::WireReader;
using placement::read;
using placement::write;

std::string read_text(WireReader& reader, const std::string& text, std::size_t most) {
  reader.expect(text.size() <= most, "a text is too long");
  return text;
}

void write(pb::Packet& packet, const Ask& m) {
  auto& out = *packet.mutable_ask();
  out.set_request(id_bytes(m.request));
  out.set_kind(static_cast<std::uint32_t>(m.kind));
  out.set_name(m.name);
  if (m.spec) write(*out.mutable_spec(), *m.spec);
}
void write(pb::Packet& packet, const Answered& m) {
  auto& out = *packet.mutable_answered();
  out.set_request(id_bytes(m.request));
  out.set_ok(m.ok);
  out.set_changed(m.changed);
  out.set_epoch(m.epoch);
  out.set_message(m.message);
  out.set_hint(m.hint);
  for (const Placed& placed : m.placed) write(*out.add_placed(), placed);
  for (const std::string& note : m.notes) out.add_notes(note);
}
void write(pb::Packet& packet, const Attract& m) {
  auto& out = *packet.mutable_attract();
  out.set_name(m.name);
  out.set_round(m.round);
  out.set_stage(m.stage);
  out.set_label(m.label);
}
void write(pb::Packet& packet, const Join& m) {
  auto& out = *packet.mutable_join();
  out.set_name(m.name);
  out.set_round(m.round);
  out.set_stage(m.stage);
  for (const Hop& hop : m.hops) write(*out.add_hops(), hop);
}
void write(pb::Packet& packet, const Hello& m) { packet.mutable_hello()->set_name(m.name); }
void write(pb::Packet& packet, const Reserve& m) {
  auto& out = *packet.mutable_reserve();
  out.set_name(m.name);
  out.set_round(m.round);
  for (const InstanceId& id : m.instances) write(*out.add_instances(), id);
  out.set_most(m.most);
}
void write(pb::Packet& packet, const Reserved& m) {
  auto& out = *packet.mutable_reserved();
  out.set_name(m.name);
  out.set_round(m.round);
  for (const InstanceId& id : m.instances) write(*out.add_instances(), id);
  out.set_taken(m.taken);
  write(*out.mutable_load(), m.load);
}
void write(pb::Packet& packet, const Deploy& m) {
  auto& out = *packet.mutable_deploy();
  write(*out.mutable_spec(), m.spec);
  out.set_epoch(m.epoch);
  out.set_run(m.run);
  for (const Placed& placed : m.placed) write(*out.add_placed(), placed);
  out.set_version(m.version);
  out.set_held(m.held);
  out.set_barrier(m.barrier);
  out.set_barrier_epoch(m.barrier_epoch);
  for (const Placed& placed : m.state) write(*out.add_state(), placed);
}
void write(pb::Packet& packet, const Deployed& m) {
  auto& out = *packet.mutable_deployed();
  out.set_name(m.name);
  out.set_epoch(m.epoch);
  write(*out.mutable_instance(), m.instance);
  out.set_error(m.error);
  out.set_flag(m.lasting);
}
void write(pb::Packet& packet, const Stop& m) {
  packet.mutable_stop()->set_name(m.name);
  packet.mutable_stop()->set_epoch(m.epoch);
}
void write(pb::Packet& packet, const Hold& m) {
  packet.mutable_hold()->set_name(m.name);
  packet.mutable_hold()->set_epoch(m.epoch);
  packet.mutable_hold()->set_version(m.version);
  packet.mutable_hold()->set_flag(m.hold);
}
void write(pb::Packet& packet, const Barrier& m) {
  packet.mutable_barrier()->set_name(m.name);
  packet.mutable_barrier()->set_epoch(m.epoch);
  packet.mutable_barrier()->set_version(m.version);
  packet.mutable_barrier()->set_barrier(m.barrier);
}
void write(pb::Packet& packet, const BarrierReached& m) {
  auto& out = *packet.mutable_barrier_reached();
  out.set_name(m.name);
  out.set_epoch(m.epoch);
  out.set_barrier(m.barrier);
  write(*out.mutable_instance(), m.instance);
}
void write(pb::Packet& packet, const Ended& m) {
  auto& out = *packet.mutable_ended();
  out.set_name(m.name);
  out.set_epoch(m.epoch);
  write(*out.mutable_instance(), m.instance);
  out.set_error(m.error);
  out.set_flag(m.lasting);
}
void write(pb::Packet& packet, const PeerLost& m) {
  auto& out = *packet.mutable_peer_lost();
  out.set_name(m.name);
  out.set_epoch(m.epoch);
  write(*out.mutable_node(), m.peer);
}
void write(pb::Packet& packet, const Leaving& m) {
  auto& out = *packet.mutable_leaving();
  for (const std::string& name : m.names) out.add_names(name);
}
void write(pb::Packet& packet, const RollCall& m) {
  auto& out = *packet.mutable_roll_call();
  out.set_round(m.round);
  for (const NameEpoch& one : m.runs) {
    auto& to = *out.add_runs();
    to.set_name(one.name);
    to.set_epoch(one.epoch);
  }
}
void write(pb::Packet& packet, const RollAnswer& m) {
  auto& out = *packet.mutable_roll_answer();
  out.set_round(m.round);
  for (const std::string& name : m.not_mine) out.add_names(name);
}
void write(pb::Packet& packet, const Probe& m) { packet.mutable_probe()->set_round(m.round); }
void write(pb::Packet& packet, const Watch& m) {
  auto& out = *packet.mutable_watch();
  out.set_whole(m.whole);
  for (const std::string& name : m.names) out.add_names(name);
  for (const std::string& name : m.gone) out.add_gone(name);
}
void write(pb::Packet& packet, const HostDied& m) {
  packet.mutable_host_died()->set_name(m.name);
  if (!m.host.id.is_zero()) write(*packet.mutable_host_died()->mutable_node(), m.host);
}

template <class List>
std::vector<std::string> read_names(WireReader& reader, const List& in) {
  std::vector<std::string> names;
  reader.expect(static_cast<std::size_t>(in.size()) <= limits::kNames, "too many names");
  if (reader.wrong != nullptr) return names;
  for (const std::string& name : in) names.push_back(read_name(reader, name));
  return names;
}

Ask read(WireReader& reader, const pb::Ask& in) {
  Ask m{read_id(reader, in.request()), read_enum(reader, in.kind(), 1, RequestKind::Explain),
        read_name(reader, in.name()), std::nullopt};
  if (in.has_spec()) m.spec = read(reader, in.spec());
  return m;
}
Answered read(WireReader& reader, const pb::Answered& in) {
  Answered m{read_id(reader, in.request()), in.ok(), in.changed(), in.epoch(), {}, {}, {}, {}};
  m.message = read_text(reader, in.message(), limits::kReasonBytes);
  m.hint = read_text(reader, in.hint(), limits::kReasonBytes);
  m.placed = read_list<Placed>(reader, in.placed(), limits::kInstances);
  reader.expect(static_cast<std::size_t>(in.notes_size()) <= limits::kNotes, "too many notes");
  for (const auto& note : in.notes()) m.notes.push_back(read_text(reader, note, limits::kReasonBytes));
  return m;
}
Join read(WireReader& reader, const pb::Join& in) {
  Join m{read_name(reader, in.name()), in.round(), in.stage(), {}};
  reader.expect(in.stage() < limits::kStages, "a stage is out of range");
  m.hops = read_list<Hop>(reader, in.hops(), limits::kHops);
  return m;
}
RollCall read_roll_call(WireReader& reader, const pb::Names& in) {
  RollCall m{in.round(), {}};
  reader.expect(static_cast<std::size_t>(in.runs_size()) <= limits::kNames, "too many names");
  if (reader.wrong != nullptr) return m;
  for (const auto& one : in.runs()) m.runs.push_back({read_name(reader, one.name()), one.epoch()});
  return m;
}
Deploy read(WireReader& reader, const pb::Deploy& in) {
  Deploy m;
  m.spec = read(reader, in.spec());
  m.epoch = in.epoch();
  m.run = in.run();
  m.placed = read_list<Placed>(reader, in.placed(), limits::kInstances);
  m.version = in.version();
  m.held = in.held();
  m.barrier = in.barrier();
  m.barrier_epoch = in.barrier_epoch();
  m.state = read_list<Placed>(reader, in.state(), limits::kInstances);
  for (const Placed& placed : m.placed) {
    reader.expect(placed.id.stage < m.spec.stages.size(), "an instance is of no stage");
  }
  return m;
}

Message read_about(WireReader& reader, const pb::Packet& in) {
  switch (in.body_case()) {
    case pb::Packet::kHello:
      return Hello{read_name(reader, in.hello().name())};
    case pb::Packet::kDeployed: {
      const auto& m = in.deployed();
      return Deployed{read_name(reader, m.name()), m.epoch(), read(reader, m.instance()),
                      read_text(reader, m.error(), limits::kReasonBytes), m.flag()};
    }
    case pb::Packet::kStop:
      return Stop{read_name(reader, in.stop().name()), in.stop().epoch()};
    case pb::Packet::kHold:
      return Hold{read_name(reader, in.hold().name()), in.hold().epoch(), in.hold().version(),
                  in.hold().flag()};
    case pb::Packet::kBarrier:
      return Barrier{read_name(reader, in.barrier().name()), in.barrier().epoch(), in.barrier().version(),
                     in.barrier().barrier()};
    case pb::Packet::kBarrierReached: {
      const auto& m = in.barrier_reached();
      return BarrierReached{read_name(reader, m.name()), m.epoch(), m.barrier(), read(reader, m.instance())};
    }
    case pb::Packet::kEnded: {
      const auto& m = in.ended();
      return Ended{read_name(reader, m.name()), m.epoch(), read(reader, m.instance()),
                   read_text(reader, m.error(), limits::kReasonBytes), m.flag()};
    }
    case pb::Packet::kPeerLost:
      return PeerLost{read_name(reader, in.peer_lost().name()), in.peer_lost().epoch(),
                      read(reader, in.peer_lost().node())};
    case pb::Packet::kHostDied:
      return HostDied{read_name(reader, in.host_died().name()), read(reader, in.host_died().node())};
    default:
      break;
  }
  reader.expect(false, "the message is of a kind that is not known here");
  return Probe{};
}

Message read_body(WireReader& reader, const pb::Packet& in) {
  switch (in.body_case()) {
    case pb::Packet::kAsk:
      return read(reader, in.ask());
    case pb::Packet::kAnswered:
      return read(reader, in.answered());
    case pb::Packet::kAttract:
      reader.expect(in.attract().stage() < limits::kStages, "a stage is out of range");
      return Attract{read_name(reader, in.attract().name()), in.attract().round(), in.attract().stage(),
                     read_text(reader, in.attract().label(), limits::kLabelBytes)};
    case pb::Packet::kJoin:
      return read(reader, in.join());
    case pb::Packet::kReserve:
      return Reserve{read_name(reader, in.reserve().name()), in.reserve().round(),
                     read_list<InstanceId>(reader, in.reserve().instances(), limits::kInstances),
                     in.reserve().most()};
    case pb::Packet::kReserved:
      return Reserved{read_name(reader, in.reserved().name()), in.reserved().round(),
                      read_list<InstanceId>(reader, in.reserved().instances(), limits::kInstances),
                      in.reserved().taken(), read(reader, in.reserved().load())};
    case pb::Packet::kDeploy:
      return read(reader, in.deploy());
    case pb::Packet::kLeaving:
      return Leaving{read_names(reader, in.leaving().names())};
    case pb::Packet::kRollCall:
      return read_roll_call(reader, in.roll_call());
    case pb::Packet::kRollAnswer:
      return RollAnswer{in.roll_answer().round(), read_names(reader, in.roll_answer().names())};
    case pb::Packet::kProbe:
      return Probe{in.probe().round()};
    case pb::Packet::kWatch:
      return Watch{in.watch().whole(), read_names(reader, in.watch().names()),
                   read_names(reader, in.watch().gone())};
    default:
      return read_about(reader, in);
  }
}

}  // namespace

std::string encode(const Message& message) {
  pb::Packet packet;
  std::visit([&](const auto& m) { write(packet, m); }, message);
  return packet.SerializeAsString();
}

Result<Message> decode(std::string_view bytes) {
  pb::Packet packet;
  if (!packet.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::Data, "the bytes are no message about queries");
  }
  WireReader reader;
  Message message = read_body(reader, packet);
  if (reader.wrong != nullptr) return fail(ErrorCode::Data, reader.wrong);
  return message;
}

}  // namespace dart::placement
