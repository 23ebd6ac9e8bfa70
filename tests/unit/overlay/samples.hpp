#pragma once

#include <string>
#include <utility>
#include <vector>

#include "overlay/envelope.hpp"

namespace dart::overlay {

inline NodeHandle sample_handle(std::uint64_t number) {
  NodeHandle handle;
  handle.id = {0x1111111111111111ULL * (number % 15 + 1), number};
  handle.endpoints[0] = Endpoint::ipv4(0x0A000001U + static_cast<std::uint32_t>(number), 7400);
  handle.endpoints[1].address = {0x20, 0x01, 0x0d, 0xb8};
  handle.endpoints[1].port = 7400;
  handle.incarnation = static_cast<std::uint32_t>(number);
  handle.nonce = 0xABCDEF + number;
  return handle;
}

/// One envelope of every kind of message, by name.
inline std::vector<std::pair<std::string, Envelope>> sample_envelopes() {
  const Coordinate here{-1000, 2000, 3000, 400, 50};
  const Contact contact{sample_handle(3), here};
  Routed routed{{1, 2}, sample_handle(4), 5, 6, 7, HopMode::Stepwise, true, 8, "payload"};
  const std::vector<Message> messages = {
      Heartbeat{1, 2, 3, true, false, 4, 1, here, "badge"},
      Probe{1, true, here},
      ProbeReply{1, true, here, "badge"},
      Announce{here},
      ContactsRequest{ContactsKind::Row, 2, 3, here},
      ContactsReply{ContactsKind::JoinLeaves, 2, 3, here, {contact, contact}},
      JoinRequest{contact, 1, 2},
      JoinRefused{RefusalReason::OldIncarnation, 9},
      Suspect{sample_handle(5), true},
      Verdict{sample_handle(5), Finding::Silent},
      Obituary{sample_handle(5), true, {contact}},
      Leaving{{contact}},
      routed,
      HopAck{11},
      Receipt{12, 3},
      Direct{13, "payload"},
      Stale{sample_handle(6)},
  };
  std::vector<std::pair<std::string, Envelope>> samples;
  for (const Message& message : messages) {
    samples.emplace_back(kMessageNames[message.index()],
                         Envelope{sample_handle(1), sample_handle(2).id, 77, message});
  }
  return samples;
}

}  // namespace dart::overlay
