#include "directory/message_codec.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

#include <directory/directory.pb.h>

#include "directory/wire_node.hpp"
#include "overlay/wire_reader.hpp"

namespace dart::directory {

namespace {

using overlay::id_bytes;
using overlay::NodeHandle;
using overlay::read_enum;
using overlay::read_id;
using overlay::WireReader;

ShardNumber read_shard(WireReader& reader, std::uint32_t shard) {
  reader.expect(shard < limits::kShards, "there is no such shard");
  return shard;
}

std::string read_name(WireReader& reader, const std::string& name) {
  reader.expect(name.size() <= limits::kNameBytes, "a name is too long");
  return name;
}

void write(pb::Ballot& out, const Ballot& ballot) {
  out.set_round(ballot.round);
  out.set_proposer(ballot.proposer);
}
Ballot read(const pb::Ballot& in) { return {in.round(), in.proposer()}; }

void write(pb::Record& out, const Record& record) {
  out.set_version(record.version);
  out.set_exists(record.exists);
  out.set_value(record.value);
  for (const Applied& one : record.applied) {
    auto& applied = *out.add_applied();
    applied.set_request(id_bytes(one.request));
    applied.set_version(one.version);
  }
}
Record read(WireReader& reader, const pb::Record& in) {
  Record record;
  record.version = in.version();
  record.exists = in.exists();
  record.value = in.value();
  reader.expect(record.value.size() <= limits::kValueBytes, "a value is too long");
  reader.expect(static_cast<std::size_t>(in.applied_size()) <= limits::kApplied, "too many requests");
  for (const auto& one : in.applied()) {
    record.applied.push_back({read_id(reader, one.request()), one.version()});
  }
  return record;
}

void write(google::protobuf::RepeatedPtrField<pb::Member>& out, const std::vector<NodeHandle>& members) {
  for (const NodeHandle& member : members) {
    write_node(*out.Add(), member);
  }
}
std::vector<NodeHandle> read(WireReader& reader, const google::protobuf::RepeatedPtrField<pb::Member>& in) {
  std::vector<NodeHandle> members;
  reader.expect(static_cast<std::size_t>(in.size()) <= limits::kGroup, "a group is too large");
  for (const auto& one : in) {
    const NodeHandle member = read_node(reader, one);
    reader.expect(!Group::holds(members, member.id), "a member is named twice");
    members.push_back(member);
  }
  return members;
}

void write(pb::Group& out, const Group& group) {
  out.set_epoch(group.epoch);
  write(*out.mutable_members(), group.members);
  write(*out.mutable_previous(), group.previous);
  out.set_reformed(group.reformed);
}
Group read(WireReader& reader, const pb::Group& in) {
  Group group{in.epoch(), read(reader, in.members()), read(reader, in.previous()), in.reformed()};
  reader.expect(group.known() != group.members.empty(), "a group has an epoch and members");
  return group;
}

void write(pb::Slot& out, const Slot& slot) {
  out.set_shard(slot.shard);
  out.set_epoch(slot.epoch);
  out.set_name(slot.name);
}
Slot read(WireReader& reader, const pb::Slot& in) {
  return {read_shard(reader, in.shard()), in.epoch(), read_name(reader, in.name())};
}

void write(pb::Packet& out, const Locate& m) { out.mutable_locate()->set_shard(m.shard); }
void write(pb::Packet& out, const Located& m) { out.mutable_located()->set_shard(m.shard); }
void write(pb::Packet& packet, const Ask& m) {
  auto& out = *packet.mutable_ask();
  out.set_request(id_bytes(m.request));
  out.set_operation(static_cast<std::uint32_t>(m.operation));
  out.set_name(m.name);
  out.set_expected(m.expected);
  out.set_value(m.value);
  out.set_attempt(m.attempt);
}
void write(pb::Packet& packet, const Answer& m) {
  auto& out = *packet.mutable_answer();
  out.set_request(id_bytes(m.request));
  out.set_outcome(static_cast<std::uint32_t>(m.outcome));
  out.set_version(m.version);
  out.set_exists(m.exists);
  out.set_value(m.value);
  out.set_attempt(m.attempt);
}
void write(pb::Packet& packet, const Prepare& m) {
  auto& out = *packet.mutable_prepare();
  write(*out.mutable_slot(), m.slot);
  out.set_round(m.round);
  write(*out.mutable_ballot(), m.ballot);
}
void write(pb::Packet& packet, const Promise& m) {
  auto& out = *packet.mutable_promise();
  out.set_shard(m.shard);
  out.set_round(m.round);
  out.set_verdict(static_cast<std::uint32_t>(m.verdict));
  out.set_life(m.life);
  write(*out.mutable_promised(), m.promised);
  write(*out.mutable_accepted(), m.accepted);
  write(*out.mutable_record(), m.record);
  if (m.group.known()) write(*out.mutable_group(), m.group);
}
void write(pb::Packet& packet, const Accept& m) {
  auto& out = *packet.mutable_accept();
  write(*out.mutable_slot(), m.slot);
  out.set_round(m.round);
  write(*out.mutable_ballot(), m.ballot);
  write(*out.mutable_next(), m.next);
  for (const Voucher& voucher : m.quorum) {
    auto& one = *out.add_quorum();
    one.set_member(id_bytes(voucher.member));
    one.set_life(voucher.life);
  }
  write(*out.mutable_record(), m.record);
}
void write(pb::Packet& packet, const Accepted& m) {
  auto& out = *packet.mutable_accepted();
  out.set_shard(m.shard);
  out.set_round(m.round);
  out.set_verdict(static_cast<std::uint32_t>(m.verdict));
  out.set_life(m.life);
  write(*out.mutable_promised(), m.promised);
  if (m.group.known()) write(*out.mutable_group(), m.group);
  if (m.outlived.life == 0) return;
  out.mutable_outlived()->set_member(id_bytes(m.outlived.member));
  out.mutable_outlived()->set_life(m.outlived.life);
}
void write(pb::Packet& packet, const Fetch& m) {
  auto& out = *packet.mutable_fetch();
  out.set_shard(m.shard);
  out.set_epoch(m.epoch);
  out.set_life(m.life.number);
  out.set_boot(m.life.boot);
  write(*out.mutable_fence(), m.fence);
  out.set_after(m.after);
  out.set_begins(m.begins);
}
void write(pb::Packet& packet, const Fetched& m) {
  auto& out = *packet.mutable_fetched();
  out.set_shard(m.shard);
  out.set_epoch(m.epoch);
  out.set_verdict(static_cast<std::uint32_t>(m.verdict));
  out.set_known_life(m.known_life);
  write(*out.mutable_fence(), m.fence);
  write(*out.mutable_promised(), m.promised);
  for (const Held& held : m.held) {
    auto& one = *out.add_held();
    one.set_name(held.name);
    write(*one.mutable_accepted(), held.accepted);
    write(*one.mutable_record(), held.record);
  }
  out.set_after(m.after);
  out.set_begins(m.begins);
  out.set_last(m.last);
}
void write(pb::Packet& packet, const Offer& m) {
  packet.mutable_offer()->set_shard(m.shard);
  write(*packet.mutable_offer()->mutable_group(), m.group);
  packet.mutable_offer()->set_settled(m.settled);
}
void write(pb::Packet& packet, const Offered& m) {
  auto& out = *packet.mutable_offered();
  out.set_shard(m.shard);
  out.set_epoch(m.epoch);
  out.set_votes(m.votes);
}
void write(pb::Packet& packet, const Watch& m) { packet.mutable_watch()->set_name(m.name); }
void write(pb::Packet& packet, const Notice& m) {
  packet.mutable_notice()->set_name(m.name);
  packet.mutable_notice()->set_version(m.version);
}

void write(pb::Packet& packet, const Outlived& m) { packet.mutable_outlived()->set_life(m.life); }
void write(pb::Packet& packet, const ReformShard& m) {
  packet.mutable_reform_shard()->set_request(id_bytes(m.request));
  packet.mutable_reform_shard()->set_shard(m.shard);
}
void write(pb::Packet& packet, const ShardReformed& m) {
  auto& out = *packet.mutable_shard_reformed();
  out.set_request(id_bytes(m.request));
  out.set_shard(m.shard);
  out.set_result(static_cast<std::uint32_t>(m.result));
}
void write(pb::Packet& packet, const Scan& m) {
  auto& out = *packet.mutable_scan();
  out.set_request(id_bytes(m.request));
  out.set_shard(m.shard);
  out.set_prefix(m.prefix);
  out.set_after(m.after);
  out.set_limit(m.limit);
}
void write(pb::Packet& packet, const Scanned& m) {
  auto& out = *packet.mutable_scanned();
  out.set_request(id_bytes(m.request));
  out.set_shard(m.shard);
  out.set_outcome(static_cast<std::uint32_t>(m.outcome));
  for (const NameVersion& name : m.names) {
    auto& one = *out.add_names();
    one.set_name(name.name);
    one.set_version(name.version);
  }
  out.set_after(m.after);
  out.set_more(m.more);
}
void write(pb::Packet& packet, const Browse& m) {
  auto& out = *packet.mutable_browse();
  out.set_shard(m.shard);
  out.set_epoch(m.epoch);
  out.set_round(m.round);
  out.set_prefix(m.prefix);
  out.set_after(m.after);
  out.set_limit(m.limit);
}
void write(pb::Packet& packet, const Browsed& m) {
  auto& out = *packet.mutable_browsed();
  out.set_shard(m.shard);
  out.set_round(m.round);
  out.set_verdict(static_cast<std::uint32_t>(m.verdict));
  if (m.group.known()) write(*out.mutable_group(), m.group);
  for (const Browsed::Entry& entry : m.entries) {
    auto& one = *out.add_entries();
    one.set_name(entry.name);
    write(*one.mutable_accepted(), entry.accepted);
    one.set_version(entry.version);
    one.set_exists(entry.exists);
  }
  out.set_last(m.last);
}

Ask read(WireReader& reader, const pb::Ask& in) {
  reader.expect(in.value().size() <= limits::kValueBytes, "a value is too long");
  reader.expect(!in.name().empty(), "a name is empty");
  return {read_id(reader, in.request()),
          read_enum(reader, in.operation(), 1, Operation::Delete),
          read_name(reader, in.name()),
          in.expected(),
          in.value(),
          in.attempt()};
}
Answer read(WireReader& reader, const pb::Answer& in) {
  reader.expect(in.value().size() <= limits::kValueBytes, "a value is too long");
  return {read_id(reader, in.request()),
          in.attempt(),
          read_enum(reader, in.outcome(), 1, Outcome::Refused),
          in.version(),
          in.exists(),
          in.value()};
}
Promise read(WireReader& reader, const pb::Promise& in) {
  return {read_shard(reader, in.shard()),
          in.round(),
          read_enum(reader, in.verdict(), 1, Verdict::Full),
          in.life(),
          read(in.promised()),
          read(in.accepted()),
          read(reader, in.record()),
          read(reader, in.group())};
}
Accept read(WireReader& reader, const pb::Accept& in) {
  Accept m{read(reader, in.slot()), in.round(), read(in.ballot()),
           read(in.next()),         {},         read(reader, in.record())};
  reader.expect(static_cast<std::size_t>(in.quorum_size()) <= limits::kGroup, "a quorum is too large");
  for (const auto& one : in.quorum()) m.quorum.push_back({read_id(reader, one.member()), one.life()});
  return m;
}
Accepted read(WireReader& reader, const pb::Accepted& in) {
  Accepted m{read_shard(reader, in.shard()),
             in.round(),
             read_enum(reader, in.verdict(), 1, Verdict::Full),
             in.life(),
             read(in.promised()),
             read(reader, in.group()),
             {}};
  if (in.has_outlived()) m.outlived = {read_id(reader, in.outlived().member()), in.outlived().life()};
  return m;
}
Fetch read(WireReader& reader, const pb::Fetch& in) {
  return {read_shard(reader, in.shard()), in.epoch(), {in.life(), in.boot()}, read(in.fence()),
          read_name(reader, in.after()),  in.begins()};
}
Fetched read(WireReader& reader, const pb::Fetched& in) {
  Fetched m;
  m.shard = read_shard(reader, in.shard());
  m.epoch = in.epoch();
  m.verdict = read_enum(reader, in.verdict(), 1, Verdict::Full);
  m.known_life = in.known_life();
  m.fence = read(in.fence());
  m.promised = read(in.promised());
  for (const auto& one : in.held()) {
    m.held.push_back({read_name(reader, one.name()), read(one.accepted()), read(reader, one.record())});
  }
  m.after = read_name(reader, in.after());
  m.begins = in.begins();
  m.last = in.last();
  return m;
}

Scan read(WireReader& reader, const pb::Scan& in) {
  return {read_id(reader, in.request()), read_shard(reader, in.shard()), read_name(reader, in.prefix()),
          read_name(reader, in.after()), in.limit()};
}
Scanned read(WireReader& reader, const pb::Scanned& in) {
  Scanned m{read_id(reader, in.request()),
            read_shard(reader, in.shard()),
            read_enum(reader, in.outcome(), 1, Outcome::Refused),
            {},
            read_name(reader, in.after()),
            in.more()};
  for (const auto& one : in.names()) m.names.push_back({read_name(reader, one.name()), one.version()});
  return m;
}
Browse read(WireReader& reader, const pb::Browse& in) {
  return {read_shard(reader, in.shard()), in.epoch(), in.round(), read_name(reader, in.prefix()),
          read_name(reader, in.after()),  in.limit()};
}
Browsed read(WireReader& reader, const pb::Browsed& in) {
  Browsed m{read_shard(reader, in.shard()), in.round(), read_enum(reader, in.verdict(), 1, Verdict::Full),
            read(reader, in.group()),       {},         in.last()};
  for (const auto& one : in.entries()) {
    m.entries.push_back({read_name(reader, one.name()), read(one.accepted()), one.version(), one.exists()});
  }
  return m;
}

Message read_body(WireReader& reader, const pb::Packet& in) {
  switch (in.body_case()) {
    case pb::Packet::kLocate:
      return Locate{read_shard(reader, in.locate().shard())};
    case pb::Packet::kLocated:
      return Located{read_shard(reader, in.located().shard())};
    case pb::Packet::kAsk:
      return read(reader, in.ask());
    case pb::Packet::kAnswer:
      return read(reader, in.answer());
    case pb::Packet::kPrepare:
      return Prepare{read(reader, in.prepare().slot()), in.prepare().round(), read(in.prepare().ballot())};
    case pb::Packet::kPromise:
      return read(reader, in.promise());
    case pb::Packet::kAccept:
      return read(reader, in.accept());
    case pb::Packet::kAccepted:
      return read(reader, in.accepted());
    case pb::Packet::kFetch:
      return read(reader, in.fetch());
    case pb::Packet::kFetched:
      return read(reader, in.fetched());
    case pb::Packet::kOffer:
      return Offer{read_shard(reader, in.offer().shard()), read(reader, in.offer().group()),
                   in.offer().settled()};
    case pb::Packet::kOffered:
      return Offered{read_shard(reader, in.offered().shard()), in.offered().epoch(), in.offered().votes()};
    case pb::Packet::kWatch:
      reader.expect(!in.watch().name().empty(), "a name is empty");
      return Watch{read_name(reader, in.watch().name())};
    case pb::Packet::kNotice:
      return Notice{read_name(reader, in.notice().name()), in.notice().version()};
    case pb::Packet::kOutlived:
      return Outlived{in.outlived().life()};
    case pb::Packet::kScan:
      return read(reader, in.scan());
    case pb::Packet::kScanned:
      return read(reader, in.scanned());
    case pb::Packet::kBrowse:
      return read(reader, in.browse());
    case pb::Packet::kBrowsed:
      return read(reader, in.browsed());
    case pb::Packet::kReformShard:
      return ReformShard{read_id(reader, in.reform_shard().request()),
                         read_shard(reader, in.reform_shard().shard())};
    case pb::Packet::kShardReformed:
      return ShardReformed{read_id(reader, in.shard_reformed().request()),
                           read_shard(reader, in.shard_reformed().shard()),
                           read_enum(reader, in.shard_reformed().result(), 1, Reforming::Failed)};
    case pb::Packet::BODY_NOT_SET:
      break;
  }
  reader.expect(false, "the message is of a kind that is not known here");
  return Locate{};
}

template <class Wire>
Result<Wire> parse(std::string_view bytes) {
  Wire in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::Data, "the bytes are no message of the directory");
  }
  return in;
}

template <class T>
Result<T> checked(const WireReader& reader, T value) {
  if (reader.wrong != nullptr) return fail(ErrorCode::Data, reader.wrong);
  return value;
}

}  // namespace

std::string encode(const Message& message) {
  pb::Packet packet;
  std::visit([&](const auto& m) { write(packet, m); }, message);
  return packet.SerializeAsString();
}

Result<Message> decode(std::string_view bytes) {
  DART_TRY(const auto in, parse<pb::Packet>(bytes));
  WireReader reader;
  Message message = read_body(reader, in);
  return checked(reader, std::move(message));
}

std::string encode(const StoredRegister& stored) {
  pb::StoredRegister out;
  write(*out.mutable_promised(), stored.promised);
  write(*out.mutable_accepted(), stored.accepted);
  write(*out.mutable_record(), stored.record);
  return out.SerializeAsString();
}

Result<StoredRegister> decode_register(std::string_view bytes) {
  DART_TRY(const auto in, parse<pb::StoredRegister>(bytes));
  WireReader reader;
  StoredRegister stored{read(in.promised()), read(in.accepted()), read(reader, in.record())};
  return checked(reader, std::move(stored));
}

std::string encode(const StoredShard& stored) {
  pb::StoredShard out;
  write(*out.mutable_group(), stored.group);
  out.set_holds(stored.holds);
  write(*out.mutable_fence(), stored.fence);
  return out.SerializeAsString();
}

Result<StoredShard> decode_shard(std::string_view bytes) {
  DART_TRY(const auto in, parse<pb::StoredShard>(bytes));
  WireReader reader;
  StoredShard stored{read(reader, in.group()), in.holds(), read(in.fence())};
  return checked(reader, std::move(stored));
}

std::string encode(const StoredLife& stored) {
  pb::StoredLife out;
  out.set_node(id_bytes(stored.node));
  out.set_life(stored.life.number);
  out.set_boot(stored.life.boot);
  return out.SerializeAsString();
}

Result<StoredLife> decode_life(std::string_view bytes) {
  DART_TRY(const auto in, parse<pb::StoredLife>(bytes));
  WireReader reader;
  const StoredLife stored{read_id(reader, in.node()), {in.life(), in.boot()}};
  return checked(reader, stored);
}

std::string encode(const Group& group) {
  pb::Group out;
  write(out, group);
  return out.SerializeAsString();
}

Result<Group> decode_group(std::string_view bytes) {
  DART_TRY(const auto in, parse<pb::Group>(bytes));
  WireReader reader;
  Group group = read(reader, in);
  reader.expect(group.known(), "a group has an epoch");
  return checked(reader, std::move(group));
}

}  // namespace dart::directory
