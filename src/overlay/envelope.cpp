#include "overlay/envelope.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include <overlay/overlay.pb.h>

#include "overlay/wire_reader.hpp"

namespace dart::overlay {

namespace {

constexpr unsigned kMappedPrefix = 12;

bool is_ipv4(const Endpoint& endpoint) {
  const auto& a = endpoint.address;
  return std::all_of(a.begin(), a.begin() + 10, [](std::uint8_t b) { return b == 0; }) && a[10] == 0xFF &&
         a[11] == 0xFF;
}

void write(pb::Handle& out, const NodeHandle& handle) {
  out.set_id(id_bytes(handle.id));
  for (const Endpoint& endpoint : handle.endpoints) {
    if (endpoint.empty()) continue;
    auto& one = *out.add_endpoints();
    const unsigned skip = is_ipv4(endpoint) ? kMappedPrefix : 0;
    one.set_address(reinterpret_cast<const char*>(endpoint.address.data()) + skip, 16 - skip);
    one.set_port(endpoint.port);
  }
  out.set_incarnation(handle.incarnation);
  out.set_nonce(handle.nonce);
}

NodeHandle read(WireReader& reader, const pb::Handle& in) {
  NodeHandle handle;
  handle.id = read_id(reader, in.id());
  reader.expect(static_cast<std::size_t>(in.endpoints_size()) <= limits::kEndpoints, "too many endpoints");
  const int endpoints = std::min<int>(in.endpoints_size(), static_cast<int>(limits::kEndpoints));
  for (int i = 0; i < endpoints; ++i) {
    const auto& one = in.endpoints(i);
    auto& endpoint = handle.endpoints[static_cast<std::size_t>(i)];
    const std::string& bytes = one.address();
    reader.expect(bytes.size() == 4 || bytes.size() == 16, "an address has 4 or 16 bytes");
    reader.expect(one.port() > 0 && one.port() <= 0xFFFF, "a port is out of range");
    if (bytes.size() == 4) {
      endpoint.address[10] = endpoint.address[11] = 0xFF;
      std::copy(bytes.begin(), bytes.end(), endpoint.address.begin() + kMappedPrefix);
    } else if (bytes.size() == 16) {
      std::copy(bytes.begin(), bytes.end(), endpoint.address.begin());
    }
    endpoint.port = static_cast<std::uint16_t>(one.port());
  }
  handle.incarnation = in.incarnation();
  handle.nonce = in.nonce();
  return handle;
}

void write(pb::Coordinate& out, const Coordinate& coordinate) {
  out.set_x(coordinate.x);
  out.set_y(coordinate.y);
  out.set_z(coordinate.z);
  out.set_height(static_cast<std::uint32_t>(coordinate.height));
  out.set_error(coordinate.error);
}

Coordinate read(WireReader& reader, const pb::Coordinate& in) {
  Coordinate coordinate;
  coordinate.x = in.x();
  coordinate.y = in.y();
  coordinate.z = in.z();
  coordinate.height = static_cast<std::int32_t>(in.height());
  coordinate.error = in.error();
  reader.expect(coordinate.valid(), "a coordinate is out of range");
  return coordinate;
}

void write(pb::Contact& out, const Contact& contact) {
  write(*out.mutable_node(), contact.node);
  write(*out.mutable_coordinate(), contact.coordinate);
}

template <class List>
void write(List& out, const std::vector<Contact>& contacts) {
  out.Reserve(static_cast<int>(contacts.size()));
  for (const Contact& contact : contacts) write(*out.Add(), contact);
}

Contact read(WireReader& reader, const pb::Contact& in) {
  return {read(reader, in.node()), read(reader, in.coordinate())};
}

template <class List>
std::vector<Contact> read_list(WireReader& reader, const List& in) {
  std::vector<Contact> contacts;
  const auto size = static_cast<std::size_t>(in.size());
  reader.expect(size <= limits::kContacts, "too many contacts");
  if (size > limits::kContacts) return contacts;
  contacts.reserve(size);
  for (const auto& one : in) contacts.push_back(read(reader, one));
  return contacts;
}

std::string read_bytes(WireReader& reader, const std::string& bytes, std::size_t limit, const char* what) {
  reader.expect(bytes.size() <= limit, what);
  return bytes.size() <= limit ? bytes : std::string();
}

template <class Small>
Small narrow(WireReader& reader, std::uint32_t value, std::uint32_t most, const char* what) {
  reader.expect(value <= most, what);
  return static_cast<Small>(value);
}

/// One overload a message: writes it into the envelope's body.
struct BodyWriter {
  pb::Envelope& out;

  void operator()(const Heartbeat& m) const {
    auto& to = *out.mutable_heartbeat();
    to.set_stamp(m.stamp);
    to.set_echo(m.echo);
    to.set_echo_age_us(m.echo_age_us);
    to.set_grant(m.grant);
    to.set_to_right(m.to_right);
    to.set_leaf_hash(m.leaf_hash);
    to.set_feature_level(m.feature_level);
    write(*to.mutable_coordinate(), m.coordinate);
    to.set_badge(m.badge);
  }
  void operator()(const Probe& m) const {
    auto& to = *out.mutable_probe();
    to.set_stamp(m.stamp);
    to.set_member(m.member);
    write(*to.mutable_coordinate(), m.coordinate);
  }
  void operator()(const ProbeReply& m) const {
    auto& to = *out.mutable_probe_reply();
    to.set_stamp(m.stamp);
    to.set_member(m.member);
    write(*to.mutable_coordinate(), m.coordinate);
    to.set_badge(m.badge);
  }
  void operator()(const Announce& m) const {
    write(*out.mutable_announce()->mutable_coordinate(), m.coordinate);
  }
  void operator()(const ContactsRequest& m) const {
    auto& to = *out.mutable_contacts_request();
    to.set_kind(static_cast<std::uint32_t>(m.kind));
    to.set_row(m.row);
    to.set_stamp(m.stamp);
    write(*to.mutable_coordinate(), m.coordinate);
  }
  void operator()(const ContactsReply& m) const {
    auto& to = *out.mutable_contacts_reply();
    to.set_kind(static_cast<std::uint32_t>(m.kind));
    to.set_row(m.row);
    to.set_stamp(m.stamp);
    write(*to.mutable_coordinate(), m.coordinate);
    write(*to.mutable_contacts(), m.contacts);
  }
  void operator()(const JoinRequest& m) const {
    auto& to = *out.mutable_join();
    write(*to.mutable_joiner(), m.joiner);
    to.set_hops(m.hops);
    to.set_next_row(m.next_row);
  }
  void operator()(const JoinRefused& m) const {
    auto& to = *out.mutable_refused();
    to.set_reason(static_cast<std::uint32_t>(m.reason));
    to.set_incarnation(m.incarnation);
  }
  void operator()(const Suspect& m) const {
    auto& to = *out.mutable_suspect();
    write(*to.mutable_suspect(), m.suspect);
    to.set_refused(m.refused);
  }
  void operator()(const Verdict& m) const {
    auto& to = *out.mutable_verdict();
    write(*to.mutable_suspect(), m.suspect);
    to.set_finding(static_cast<std::uint32_t>(m.finding));
  }
  void operator()(const Obituary& m) const {
    auto& to = *out.mutable_obituary();
    write(*to.mutable_dead(), m.dead);
    to.set_left(m.left);
    write(*to.mutable_leaves(), m.leaves);
  }
  void operator()(const Leaving& m) const { write(*out.mutable_leaving()->mutable_leaves(), m.leaves); }
  void operator()(const Routed& m) const {
    auto& to = *out.mutable_routed();
    to.set_key(id_bytes(m.key));
    write(*to.mutable_origin(), m.origin);
    to.set_request(m.request);
    to.set_hop(m.hop);
    to.set_service(m.service);
    to.set_mode(static_cast<std::uint32_t>(m.mode));
    to.set_receipt(m.receipt);
    to.set_hops(m.hops);
    to.set_payload(m.payload);
  }
  void operator()(const HopAck& m) const { out.mutable_hop_ack()->set_hop(m.hop); }
  void operator()(const Receipt& m) const {
    out.mutable_receipt()->set_request(m.request);
    out.mutable_receipt()->set_hops(m.hops);
  }
  void operator()(const Direct& m) const {
    out.mutable_direct()->set_service(m.service);
    out.mutable_direct()->set_payload(m.payload);
  }
  void operator()(const Stale& m) const { write(*out.mutable_stale()->mutable_current(), m.current); }
};

Heartbeat read(WireReader& reader, const pb::Heartbeat& in) {
  Heartbeat m;
  m.stamp = in.stamp();
  m.echo = in.echo();
  m.echo_age_us = in.echo_age_us();
  m.grant = in.grant();
  m.to_right = in.to_right();
  m.leaf_hash = in.leaf_hash();
  m.feature_level = in.feature_level();
  m.coordinate = read(reader, in.coordinate());
  m.badge = read_bytes(reader, in.badge(), limits::kBadgeBytes, "a badge is too long");
  return m;
}

Probe read(WireReader& reader, const pb::Probe& in) {
  return {in.stamp(), in.member(), read(reader, in.coordinate())};
}

ProbeReply read(WireReader& reader, const pb::ProbeReply& in) {
  return {in.stamp(), in.member(), read(reader, in.coordinate()),
          read_bytes(reader, in.badge(), limits::kBadgeBytes, "a badge is too long")};
}

ContactsRequest read(WireReader& reader, const pb::ContactsRequest& in) {
  return {read_enum(reader, in.kind(), 1, ContactsKind::Leaves),
          narrow<std::uint8_t>(reader, in.row(), NodeId::kDigits - 1, "a row is out of range"), in.stamp(),
          read(reader, in.coordinate())};
}

ContactsReply read(WireReader& reader, const pb::ContactsReply& in) {
  return {read_enum(reader, in.kind(), 1, ContactsKind::JoinLeaves),
          narrow<std::uint8_t>(reader, in.row(), NodeId::kDigits - 1, "a row is out of range"), in.stamp(),
          read(reader, in.coordinate()), read_list(reader, in.contacts())};
}

Routed read(WireReader& reader, const pb::Routed& in) {
  Routed m;
  m.key = read_id(reader, in.key());
  m.origin = read(reader, in.origin());
  m.request = in.request();
  m.hop = in.hop();
  m.service = narrow<std::uint16_t>(reader, in.service(), 0xFFFF, "a service is out of range");
  m.mode = read_enum(reader, in.mode(), 0, HopMode::Stepwise);
  m.receipt = in.receipt();
  m.hops = narrow<std::uint8_t>(reader, in.hops(), 0xFF, "too many hops");
  m.payload = read_bytes(reader, in.payload(), limits::kPayloadBytes, "a payload is too long");
  return m;
}

Message read_rest(WireReader& reader, const pb::Envelope& in) {
  switch (in.body_case()) {
    case pb::Envelope::kSuspect:
      return Suspect{read(reader, in.suspect().suspect()), in.suspect().refused()};
    case pb::Envelope::kVerdict:
      return Verdict{read(reader, in.verdict().suspect()),
                     read_enum(reader, in.verdict().finding(), 1, Finding::Silent)};
    case pb::Envelope::kObituary:
      return Obituary{read(reader, in.obituary().dead()), in.obituary().left(),
                      read_list(reader, in.obituary().leaves())};
    case pb::Envelope::kLeaving:
      return Leaving{read_list(reader, in.leaving().leaves())};
    case pb::Envelope::kHopAck:
      return HopAck{in.hop_ack().hop()};
    case pb::Envelope::kReceipt:
      return Receipt{in.receipt().request(),
                     narrow<std::uint8_t>(reader, in.receipt().hops(), 0xFF, "too many hops")};
    case pb::Envelope::kDirect:
      return Direct{
          narrow<std::uint16_t>(reader, in.direct().service(), 0xFFFF, "a service is out of range"),
          read_bytes(reader, in.direct().payload(), limits::kPayloadBytes, "a payload is too long")};
    case pb::Envelope::kStale:
      return Stale{read(reader, in.stale().current())};
    default:
      reader.expect(false, "an unknown kind of message");
      return HopAck{};
  }
}

Message read_body(WireReader& reader, const pb::Envelope& in) {
  switch (in.body_case()) {
    case pb::Envelope::kHeartbeat:
      return read(reader, in.heartbeat());
    case pb::Envelope::kProbe:
      return read(reader, in.probe());
    case pb::Envelope::kProbeReply:
      return read(reader, in.probe_reply());
    case pb::Envelope::kAnnounce:
      return Announce{read(reader, in.announce().coordinate())};
    case pb::Envelope::kContactsRequest:
      return read(reader, in.contacts_request());
    case pb::Envelope::kContactsReply:
      return read(reader, in.contacts_reply());
    case pb::Envelope::kJoin:
      return JoinRequest{
          read(reader, in.join().joiner()),
          narrow<std::uint8_t>(reader, in.join().hops(), 0xFF, "too many hops"),
          narrow<std::uint8_t>(reader, in.join().next_row(), NodeId::kDigits, "a row is out of range")};
    case pb::Envelope::kRefused:
      return JoinRefused{read_enum(reader, in.refused().reason(), 1, RefusalReason::NotReady),
                         in.refused().incarnation()};
    case pb::Envelope::kRouted:
      return read(reader, in.routed());
    default:
      return read_rest(reader, in);
  }
}

}  // namespace

std::string encode(const Envelope& envelope) {
  pb::Envelope out;
  write(*out.mutable_from(), envelope.from);
  if (!envelope.to.is_zero()) out.set_to(id_bytes(envelope.to));
  out.set_to_nonce(envelope.to_nonce);
  std::visit(BodyWriter{out}, envelope.message);
  return out.SerializeAsString();
}

Result<Envelope> decode(std::string_view bytes) {
  if (bytes.size() > limits::kMessageBytes) return fail(ErrorCode::Capacity, "a frame is too long");
  pb::Envelope in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::Data, "the frame is no overlay message");
  }
  WireReader reader;
  Envelope envelope;
  envelope.from = read(reader, in.from());
  if (!in.to().empty()) envelope.to = read_id(reader, in.to());
  envelope.to_nonce = in.to_nonce();
  envelope.message = read_body(reader, in);
  if (reader.wrong != nullptr) return fail(ErrorCode::Data, reader.wrong);
  return envelope;
}

}  // namespace dart::overlay
