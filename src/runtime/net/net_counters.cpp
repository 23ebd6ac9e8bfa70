#include "runtime/net/net_counters.hpp"

namespace dart::runtime {

void NetCounters::add(const NetCounters& other) {
  frames_sent += other.frames_sent;
  frames_received += other.frames_received;
  messages_sent += other.messages_sent;
  messages_received += other.messages_received;
  socket_bytes_sent += other.socket_bytes_sent;
  socket_bytes_received += other.socket_bytes_received;
  writes += other.writes;
  dialled += other.dialled;
  dial_failures += other.dial_failures;
  accepted += other.accepted;
  accept_failures += other.accept_failures;
  lost += other.lost;
  refused_by_peer += other.refused_by_peer;
  tie_breaks += other.tie_breaks;
  for (std::size_t i = 0; i < dropped.size(); ++i) dropped[i] += other.dropped[i];
  for (std::size_t i = 0; i < refused.size(); ++i) refused[i] += other.refused[i];
}

const char* name_of(Drop reason) {
  switch (reason) {
    case Drop::UpkeepQueueFull:
      return "upkeep_queue_full";
    case Drop::ControlQueueFull:
      return "control_queue_full";
    case Drop::DataQueueFull:
      return "data_queue_full";
    case Drop::Unreachable:
      return "unreachable";
    case Drop::Backoff:
      return "backoff";
    case Drop::TooManyPeers:
      return "too_many_peers";
    case Drop::TooLong:
      return "too_long";
    case Drop::NoSuchNode:
      return "no_such_node";
    case Drop::NodeIndex:
      return "node_index";
    case Drop::Malformed:
      return "malformed";
    case Drop::UnknownType:
      return "unknown_type";
    case Drop::Count:
      break;
  }
  return "unknown";
}

const char* name_of(Refusal reason) {
  switch (reason) {
    case Refusal::Unauthenticated:
      return "unauthenticated";
    case Refusal::HandshakeTimeout:
      return "handshake_timeout";
    case Refusal::HalfOpenEvicted:
      return "half_open_evicted";
    case Refusal::Malformed:
      return "malformed";
    case Refusal::Oversized:
      return "oversized";
    case Refusal::Version:
      return "version";
    case Refusal::WrongRing:
      return "wrong_ring";
    case Refusal::NoRing:
      return "no_ring";
    case Refusal::FeatureLevel:
      return "feature_level";
    case Refusal::Identity:
      return "identity";
    case Refusal::Replayed:
      return "replayed";
    case Refusal::TooManyPeers:
      return "too_many_peers";
    case Refusal::Count:
      break;
  }
  return "unknown";
}

}  // namespace dart::runtime
