#include "directory/soft/message_codec.hpp"

#include <utility>

#include <directory/soft.pb.h>

#include "directory/soft/limits.hpp"
#include "overlay/wire_reader.hpp"

namespace dart::directory::soft {

namespace {

using overlay::id_bytes;
using overlay::read_enum;
using overlay::read_id;
using overlay::WireReader;

constexpr std::size_t kReasonBytes = 256;

std::string read_name(WireReader& reader, const std::string& name) {
  reader.expect(!name.empty() && name.size() <= limits::kNameBytes, "a name has 1 to 255 bytes");
  return name;
}

void write(pb::Version& out, const Version& version) {
  out.set_number(version.number);
  out.set_writer(id_bytes(version.writer));
}
Version read(WireReader& reader, const pb::Version& in) {
  return {in.number(), read_id(reader, in.writer())};
}

void write(pb::Record& out, const Record& record) {
  out.set_name(record.name);
  write(*out.mutable_version(), record.version);
  out.set_exists(record.exists);
  out.set_value(record.value);
  out.set_remaining_us(record.remaining_us);
}
Record read(WireReader& reader, const pb::Record& in) {
  Record record{read_name(reader, in.name()), read(reader, in.version()), in.exists(), in.value(),
                in.remaining_us()};
  reader.expect(record.value.size() <= limits::kValueBytes, "a value is too long");
  reader.expect(record.remaining_us >= 0 && record.remaining_us <= limits::kLifetimeUs, "a life is too long");
  return record;
}

void write(pb::Packet& packet, const Put& m) {
  packet.mutable_put()->set_request(id_bytes(m.request));
  write(*packet.mutable_put()->mutable_record(), m.record);
}
void write(pb::Packet& packet, const Get& m) {
  packet.mutable_get()->set_request(id_bytes(m.request));
  packet.mutable_get()->set_name(m.name);
}
void write(pb::Packet& packet, const Ended& m) {
  auto& out = *packet.mutable_ended();
  out.set_request(id_bytes(m.request));
  out.set_outcome(static_cast<std::uint32_t>(m.outcome));
  write(*out.mutable_record(), m.record);
  out.set_reason(m.reason);
}
void write(pb::Packet& packet, const Look& m) {
  packet.mutable_look()->set_round(m.round);
  packet.mutable_look()->set_name(m.name);
}
void write(pb::Packet& packet, const Looked& m) {
  packet.mutable_looked()->set_round(m.round);
  if (m.record) write(*packet.mutable_looked()->mutable_record(), *m.record);
}
void write(pb::Packet& packet, const Copies& m) {
  auto& out = *packet.mutable_copies();
  for (const Record& record : m.records) write(*out.add_records(), record);
}
void write(pb::Packet& packet, const Confirmed& m) {
  auto& out = *packet.mutable_confirmed();
  for (const Confirmed::One& one : m.records) {
    auto& named = *out.add_records();
    named.set_name(one.name);
    write(*named.mutable_version(), one.version);
  }
}

Ended read(WireReader& reader, const pb::Ended& in) {
  reader.expect(in.reason().size() <= kReasonBytes, "a reason is too long");
  return {read_id(reader, in.request()), read_enum(reader, in.outcome(), 1, Outcome::Unavailable),
          read(reader, in.record()), in.reason()};
}
Looked read(WireReader& reader, const pb::Looked& in) {
  Looked m{in.round(), std::nullopt};
  if (!in.has_record()) return m;
  m.record = read(reader, in.record());
  reader.expect(m.record->version.number != 0, "a copy has a version");
  return m;
}
Copies read(WireReader& reader, const pb::Copies& in) {
  Copies m;
  reader.expect(static_cast<std::size_t>(in.records_size()) <= limits::kCopies, "too many records");
  if (reader.wrong != nullptr) return m;
  for (const auto& record : in.records()) {
    m.records.push_back(read(reader, record));
    reader.expect(m.records.back().version.number != 0, "a copy has a version");
  }
  return m;
}
Confirmed read(WireReader& reader, const pb::Confirmed& in) {
  Confirmed m;
  reader.expect(static_cast<std::size_t>(in.records_size()) <= limits::kCopies, "too many records");
  if (reader.wrong != nullptr) return m;
  for (const auto& one : in.records()) {
    m.records.push_back({read_name(reader, one.name()), read(reader, one.version())});
  }
  return m;
}

Message read_body(WireReader& reader, const pb::Packet& in) {
  switch (in.body_case()) {
    case pb::Packet::kPut:
      return Put{read_id(reader, in.put().request()), read(reader, in.put().record())};
    case pb::Packet::kGet:
      return Get{read_id(reader, in.get().request()), read_name(reader, in.get().name())};
    case pb::Packet::kEnded:
      return read(reader, in.ended());
    case pb::Packet::kLook:
      return Look{in.look().round(), read_name(reader, in.look().name())};
    case pb::Packet::kLooked:
      return read(reader, in.looked());
    case pb::Packet::kCopies:
      return read(reader, in.copies());
    case pb::Packet::kConfirmed:
      return read(reader, in.confirmed());
    case pb::Packet::BODY_NOT_SET:
      break;
  }
  reader.expect(false, "the message is of a kind that is not known here");
  return Get{};
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
    return fail(ErrorCode::Data, "the bytes are no message of soft records");
  }
  WireReader reader;
  Message message = read_body(reader, packet);
  if (reader.wrong != nullptr) return fail(ErrorCode::Data, reader.wrong);
  return message;
}

}  // namespace dart::directory::soft
