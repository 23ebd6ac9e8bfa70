#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "placement/load_badge.hpp"
#include "placement/message_codec.hpp"
#include "placement/query_service.hpp"
#include "placement/record_codec.hpp"

namespace {

namespace overlay = dart::overlay;
namespace placement = dart::placement;
using dart::Random;
using dart::TimePoint;

overlay::NodeHandle node(std::uint8_t number) {
  overlay::NodeHandle handle;
  handle.id = {number, number};
  handle.endpoints[0] = overlay::Endpoint::ipv4(number + 1U, 7400);
  handle.nonce = 1;
  return handle;
}

/// The queries of one node that is a ring of its own, and whatever it is told.
class Subject {
 public:
  Subject()
      : ring_(overlay::lan_profile(), node(1), Random(1)), queries_(placement::Config{}, node(1), Random(2)) {
    std::vector<overlay::Action> ignored;
    ring_.step(now_, overlay::Bootstrap{}, ignored);
    feed(placement::Identity{{"role=cab"}, 0});
  }
  void feed(placement::Input input) {
    queries_.step(now_, ring_, std::move(input), out_);
    out_.clear();
    queries_.check_invariants();
  }
  void pass_time(std::int64_t us) {
    now_.us += us;
    feed(placement::Tick{});
  }

 private:
  TimePoint now_{1'000'000};
  overlay::OverlayNode ring_;
  placement::QueryService queries_;
  std::vector<placement::Action> out_;
};

template <class Read, class Write>
void check_round(std::string_view bytes, const Read& read, const Write& write) {
  const auto value = read(bytes);
  if (!value) return;
  const std::string written = write(*value);
  const auto again = read(written);
  DART_CHECK(again.has_value());
  DART_CHECK(write(*again) == written);
}

}  // namespace

/// Pieces of arbitrary bytes (a length of two bytes, then so many) as messages to a node, in several ways,
/// and time that passes: nothing makes it fail. What can be read is the same after another round.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Subject subject;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (rest.size() >= 4) {
    const auto from = static_cast<std::uint8_t>(rest[0]);
    const auto way = static_cast<std::uint8_t>(rest[1]);
    const std::size_t wanted = static_cast<std::uint8_t>(rest[2]) + 256U * static_cast<std::uint8_t>(rest[3]);
    const std::size_t length = std::min(wanted, rest.size() - 4);
    const std::string bytes(rest.substr(4, length));
    rest.remove_prefix(4 + length);
    check_round(
        bytes, [](std::string_view b) { return placement::decode(b); },
        [](const auto& message) { return placement::encode(message); });
    check_round(
        bytes, [](std::string_view b) { return placement::decode_record(b); },
        [](const auto& record) { return placement::encode(record); });
    overlay::Routed routed;
    routed.origin = node(from);
    routed.service = placement::kService;
    routed.payload = bytes;
    if (way % 5 == 0) subject.feed(placement::Heard{node(from), bytes});
    if (way % 5 == 1) subject.feed(placement::Reached{node(from), bytes});
    if (way % 5 == 2) subject.feed(placement::Passing{routed});
    if (way % 5 == 3) subject.feed(placement::BadgeShown{node(from), bytes});
    if (way % 5 == 4) subject.pass_time(std::int64_t{way} * 50'000);
  }
  return 0;
}
