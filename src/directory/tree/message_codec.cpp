#include "directory/tree/message_codec.hpp"

#include <algorithm>
#include <utility>

#include <directory/tree.pb.h>

#include "directory/tree/limits.hpp"
#include "directory/wire_node.hpp"
#include "overlay/wire_reader.hpp"

namespace dart::directory::tree {

namespace {

using overlay::id_bytes;
using overlay::read_enum;
using overlay::read_id;
using overlay::WireReader;

using Ids = google::protobuf::RepeatedPtrField<std::string>;
using Partials = google::protobuf::RepeatedPtrField<pb::Partial>;

void write(Ids& out, const std::vector<NodeId>& ids) {
  for (const NodeId& id : ids) *out.Add() = id_bytes(id);
}
std::vector<NodeId> read(WireReader& reader, const Ids& in, std::size_t most) {
  std::vector<NodeId> ids;
  reader.expect(static_cast<std::size_t>(in.size()) <= most, "too many ids");
  if (reader.wrong != nullptr) return ids;
  ids.reserve(static_cast<std::size_t>(in.size()));
  for (const std::string& id : in) ids.push_back(read_id(reader, id));
  return ids;
}

overlay::NodeHandle read_named(WireReader& reader, const pb::Node& in) {
  const overlay::NodeHandle node = read_node(reader, in);
  reader.expect(!node.id.is_zero(), "a node has an id");
  return node;
}

void write(pb::Coordinate& out, const overlay::Coordinate& coordinate) {
  out.set_x(coordinate.x);
  out.set_y(coordinate.y);
  out.set_z(coordinate.z);
  out.set_height(static_cast<std::uint32_t>(coordinate.height));
  out.set_error(coordinate.error);
}
overlay::Coordinate read(WireReader& reader, const pb::Coordinate& in) {
  overlay::Coordinate coordinate;
  coordinate.x = in.x();
  coordinate.y = in.y();
  coordinate.z = in.z();
  coordinate.height = static_cast<std::int32_t>(std::min(in.height(), std::uint32_t{INT32_MAX}));
  coordinate.error = in.error();
  reader.expect(coordinate.valid(), "a coordinate is out of range");
  return coordinate;
}

void write(Partials& out, const std::vector<Partial>& partials) {
  for (const Partial& partial : partials) {
    auto& one = *out.Add();
    one.set_combine(static_cast<std::uint32_t>(partial.combine));
    one.set_members(partial.members);
    one.set_number(partial.value.number);
    for (const auto& [name, value] : partial.value.counters) {
      auto& counter = *one.add_counters();
      counter.set_name(name);
      counter.set_value(value);
    }
  }
}
Value read_value(WireReader& reader, const pb::Partial& in) {
  Value value{in.number(), {}};
  reader.expect(static_cast<std::size_t>(in.counters_size()) <= limits::kCounters, "too many counters");
  for (const auto& counter : in.counters()) {
    reader.expect(counter.name().size() <= limits::kCounterName, "the name of a counter is too long");
    reader.expect(value.counters.empty() || value.counters.back().first < counter.name(),
                  "counters are not in order");
    if (reader.wrong != nullptr) break;
    value.counters.emplace_back(counter.name(), counter.value());
  }
  return value;
}
std::vector<Partial> read(WireReader& reader, const Partials& in) {
  std::vector<Partial> partials;
  for (const auto& one : in) {
    const auto combine = read_enum(reader, one.combine(), 1, Combine::Counters);
    const bool known = std::any_of(partials.begin(), partials.end(),
                                   [&](const Partial& other) { return other.combine == combine; });
    reader.expect(!known, "a partial comes twice");
    if (reader.wrong != nullptr) break;
    partials.push_back({combine, one.members(), read_value(reader, one)});
  }
  return partials;
}

void write(pb::Packet& packet, const Join& m) {
  auto& out = *packet.mutable_join();
  out.set_group(id_bytes(m.group));
  out.set_handed_down(m.handed_down);
  write(*out.mutable_coordinate(), m.coordinate);
}
void write(pb::Packet& packet, const Full& m) {
  auto& out = *packet.mutable_full();
  out.set_group(id_bytes(m.group));
  out.set_handed_down(m.handed_down);
  write_node(*out.mutable_ask(), m.ask);
}
void write(pb::Packet& packet, const Beat& m) {
  auto& out = *packet.mutable_beat();
  out.set_group(id_bytes(m.group));
  write(*out.mutable_path(), m.path);
  write(*out.mutable_recent(), m.recent);
}
void write(pb::Packet& packet, const Report& m) {
  auto& out = *packet.mutable_report();
  out.set_group(id_bytes(m.group));
  out.set_children(m.children);
  out.set_members(m.members);
  write(*out.mutable_partials(), m.partials);
}
void write(pb::Packet& packet, const Leave& m) { packet.mutable_leave()->set_group(id_bytes(m.group)); }
void write(pb::Packet& packet, const Drop& m) { packet.mutable_drop()->set_group(id_bytes(m.group)); }
void write(pb::Packet& packet, const Multi& m) {
  auto& out = *packet.mutable_multi();
  out.set_group(id_bytes(m.group));
  out.set_id(id_bytes(m.id));
  out.set_age_ms(m.age_ms);
  out.set_payload(m.payload);
}
void write(pb::Packet& packet, const Want& m) {
  auto& out = *packet.mutable_want();
  out.set_group(id_bytes(m.group));
  write(*out.mutable_ids(), m.ids);
}
void write(pb::Packet& packet, const Walk& m) {
  auto& out = *packet.mutable_walk();
  out.set_group(id_bytes(m.group));
  out.set_id(id_bytes(m.id));
  out.set_step(m.step);
  write_node(*out.mutable_origin(), m.origin);
  out.set_payload(m.payload);
  for (const Frame& frame : m.frames) {
    auto& one = *out.add_frames();
    write_node(*one.mutable_node(), frame.node);
    one.set_asked(frame.asked);
    write(*one.mutable_visited(), frame.visited);
  }
}
void write(pb::Packet& packet, const WalkAck& m) { packet.mutable_walk_ack()->set_step(m.step); }
void write(pb::Packet& packet, const WalkEnd& m) {
  packet.mutable_walk_end()->set_id(id_bytes(m.id));
  packet.mutable_walk_end()->set_outcome(static_cast<std::uint32_t>(m.outcome));
}
void write(pb::Packet& packet, const Query& m) {
  packet.mutable_query()->set_group(id_bytes(m.group));
  packet.mutable_query()->set_question(m.question);
}
void write(pb::Packet& packet, const Total& m) {
  auto& out = *packet.mutable_total();
  out.set_question(m.question);
  out.set_members(m.members);
  write(*out.mutable_partials(), m.partials);
}

std::string read_payload(WireReader& reader, const std::string& payload) {
  reader.expect(payload.size() <= limits::kPayloadBytes, "a payload is too long");
  return reader.wrong == nullptr ? payload : std::string();
}

Walk read(WireReader& reader, const pb::Walk& in) {
  Walk m{read_id(reader, in.group()),     read_id(reader, in.id()),           in.step(),
         read_named(reader, in.origin()), read_payload(reader, in.payload()), {}};
  reader.expect(static_cast<std::size_t>(in.frames_size()) <= limits::kFrames, "a walk is too deep");
  for (const auto& one : in.frames()) {
    if (reader.wrong != nullptr) break;
    m.frames.push_back(
        {read_named(reader, one.node()), one.asked(), read(reader, one.visited(), limits::kVisited)});
  }
  return m;
}

Message read_body(WireReader& reader, const pb::Packet& in) {
  switch (in.body_case()) {
    case pb::Packet::kJoin:
      return Join{read_id(reader, in.join().group()), in.join().handed_down(),
                  read(reader, in.join().coordinate())};
    case pb::Packet::kFull:
      return Full{read_id(reader, in.full().group()), in.full().handed_down(),
                  read_named(reader, in.full().ask())};
    case pb::Packet::kBeat:
      return Beat{read_id(reader, in.beat().group()), read(reader, in.beat().path(), limits::kPath),
                  read(reader, in.beat().recent(), limits::kRecent)};
    case pb::Packet::kReport:
      return Report{read_id(reader, in.report().group()), in.report().children(), in.report().members(),
                    read(reader, in.report().partials())};
    case pb::Packet::kLeave:
      return Leave{read_id(reader, in.leave().group())};
    case pb::Packet::kDrop:
      return Drop{read_id(reader, in.drop().group())};
    case pb::Packet::kMulti:
      return Multi{read_id(reader, in.multi().group()), read_id(reader, in.multi().id()), in.multi().age_ms(),
                   read_payload(reader, in.multi().payload())};
    case pb::Packet::kWant:
      return Want{read_id(reader, in.want().group()), read(reader, in.want().ids(), limits::kRecent)};
    case pb::Packet::kWalk:
      return read(reader, in.walk());
    case pb::Packet::kWalkAck:
      return WalkAck{in.walk_ack().step()};
    case pb::Packet::kWalkEnd:
      return WalkEnd{read_id(reader, in.walk_end().id()),
                     read_enum(reader, in.walk_end().outcome(), 1, CastOutcome::Unanswered)};
    case pb::Packet::kQuery:
      return Query{read_id(reader, in.query().group()), in.query().question()};
    case pb::Packet::kTotal:
      return Total{in.total().question(), in.total().members(), read(reader, in.total().partials())};
    case pb::Packet::BODY_NOT_SET:
      break;
  }
  reader.expect(false, "the message is of a kind that is not known here");
  return Drop{};
}

}  // namespace

std::string encode(const Message& message) {
  pb::Packet packet;
  std::visit([&](const auto& m) { write(packet, m); }, message);
  return packet.SerializeAsString();
}

Result<Message> decode(std::string_view bytes) {
  pb::Packet in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::Data, "the bytes are no message of a tree");
  }
  WireReader reader;
  Message message = read_body(reader, in);
  if (reader.wrong != nullptr) return fail(ErrorCode::Data, reader.wrong);
  return message;
}

}  // namespace dart::directory::tree
