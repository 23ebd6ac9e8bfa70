#include "overlay/overlay_node.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "overlay/envelope.hpp"

namespace dart::overlay {

namespace {

/// Hands out the bytes of an input, zeroes at its end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t byte() { return at_ < size_ ? data_[at_++] : 0; }
  bool empty() const { return at_ >= size_; }
  std::string text(std::size_t most) {
    std::string out;
    while (out.size() < most && !empty()) out.push_back(static_cast<char>(byte()));
    return out;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

/// Few nodes, so that messages are about each other.
NodeHandle some_node(Bytes& in) {
  const std::uint8_t pick = in.byte();
  NodeHandle handle;
  handle.id = {0x1111111111111111ULL * (pick % 16U), pick % 8U + 1U};
  handle.endpoints[0] = Endpoint::ipv4(pick, 7400);
  handle.incarnation = 1 + pick % 2U;
  handle.nonce = 1 + pick / 64U;
  return handle;
}

Message some_message(Bytes& in) {
  const Coordinate where{in.byte() * 1000, in.byte() * 1000, 0, 100, 100};
  const Contact contact{some_node(in), where};
  const std::uint64_t stamp = in.byte() * 10'000ULL;
  switch (in.byte() % 17) {
    case 0:
      return Heartbeat{stamp, in.byte() * 10'000ULL, 0, true, in.byte() % 2 == 0, in.byte(), 1, where, {}};
    case 1:
      return Probe{stamp, in.byte() % 2 == 0, where};
    case 2:
      return ProbeReply{stamp, in.byte() % 2 == 0, where, {}};
    case 3:
      return Announce{where};
    case 4:
      return ContactsRequest{static_cast<ContactsKind>(1 + in.byte() % 3), in.byte(), stamp, where};
    case 5:
      return ContactsReply{static_cast<ContactsKind>(1 + in.byte() % 5),
                           in.byte(),
                           stamp,
                           where,
                           {contact, {some_node(in), where}, {some_node(in), where}}};
    case 6:
      return JoinRequest{contact, in.byte(), static_cast<std::uint8_t>(in.byte() % 32)};
    case 7:
      return JoinRefused{static_cast<RefusalReason>(1 + in.byte() % 3), in.byte()};
    case 8:
      return Suspect{contact.node, in.byte() % 2 == 0};
    case 9:
      return Verdict{contact.node, static_cast<Finding>(1 + in.byte() % 2)};
    case 10:
      return Obituary{contact.node, in.byte() % 2 == 0, {{some_node(in), where}}};
    case 11:
      return Leaving{{contact}};
    case 12:
      return Routed{
          some_node(in).id, contact.node, in.byte(), in.byte(), 1, static_cast<HopMode>(in.byte() % 2), true,
          in.byte(),        in.text(8)};
    case 13:
      return HopAck{in.byte()};
    case 14:
      return Receipt{in.byte(), 1};
    case 15:
      return Direct{1, in.text(8)};
    default:
      return Stale{contact.node};
  }
}

Input some_input(Bytes& in) {
  switch (in.byte() % 12) {
    case 0:
      return Tick{};
    case 1:
      return Unreachable{some_node(in), in.byte() % 2 == 0};
    case 2:
      return Join{{some_node(in), some_node(in)}};
    case 3:
      return Bootstrap{{some_node(in)}};
    case 4:
      return in.byte() % 16 == 0 ? Input{Leave{}} : Input{Tick{}};
    case 5:
      return Route{some_node(in).id, in.byte(), 1, static_cast<HopMode>(in.byte() % 2), true, in.text(4)};
    case 6:
      return SetBadge{in.text(80)};
    case 7: {
      const auto envelope = decode(in.text(200));
      if (envelope) return Received{envelope->from, envelope->to_nonce, envelope->message};
      return Tick{};
    }
    default:
      return Received{some_node(in), in.byte() % 4 == 0 ? 3ULL : 0ULL, some_message(in)};
  }
}

/// Bytes become any inputs at any pace: no check fails, what a node holds and does in one step stays bounded,
/// and what it sends can be encoded.
void run(const std::uint8_t* data, std::size_t size) {
  Bytes in(data, size);
  NodeHandle self;
  self.id = {0x8888888888888888ULL, 1};
  self.incarnation = 1;
  self.nonce = 2;
  OverlayNode node(in.byte() % 2 == 0 ? lan_profile() : quiet_profile(), self, dart::Random(in.byte()));
  TimePoint now{1'000'000};
  std::vector<Action> out;
  while (!in.empty()) {
    const std::uint8_t wait = in.byte();
    now = now + Duration{wait < 200 ? wait * 1000 : (wait - 199) * 100'000};
    node.step(now, some_input(in), out);
    node.check_invariants();
    DART_CHECK(out.size() < 2000);
    for (Action& action : out) {
      if (auto* send = std::get_if<Send>(&action)) {
        DART_CHECK(!encode(Envelope{self, send->to.id, send->to.nonce, std::move(send->message)}).empty());
      }
    }
    out.clear();
    const auto deadline = node.next_deadline();
    DART_CHECK(!deadline || *deadline > now);
  }
  DART_CHECK(node.state_bytes() < (4U << 20));
}

}  // namespace

}  // namespace dart::overlay

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dart::overlay::run(data, size);
  return 0;
}
