#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "directory/tree/message_codec.hpp"
#include "directory/tree/tree.hpp"

namespace {

namespace overlay = dart::overlay;
namespace tree = dart::directory::tree;
using dart::NodeId;
using dart::Random;
using dart::TimePoint;

overlay::NodeHandle node(std::uint8_t number) {
  overlay::NodeHandle handle;
  handle.id = {number, number};
  handle.endpoints[0] = overlay::Endpoint::ipv4(number + 1U, 7400);
  handle.nonce = 1;
  return handle;
}

/// One node that is a member of one group, and whatever it is told.
class Subject {
 public:
  /// In no ring nobody is the root, and it takes whoever offers to be its parent.
  explicit Subject(bool in_ring)
      : ring_(overlay::lan_profile(), node(1), Random(1)), tree_(tree::Config{}, node(1), Random(2)) {
    std::vector<overlay::Action> ignored;
    if (in_ring) ring_.step(now_, overlay::Bootstrap{}, ignored);
    feed(tree::EnterGroup{NodeId{0, 0}});
  }
  void feed(tree::Input input) {
    tree_.step(now_, ring_, std::move(input), out_);
    out_.clear();
    tree_.check_invariants();
  }
  void pass_time(std::int64_t us) {
    now_.us += us;
    feed(tree::Tick{});
  }

 private:
  TimePoint now_{1'000'000};
  overlay::OverlayNode ring_;
  tree::Tree tree_;
  std::vector<tree::Action> out_;
};

}  // namespace

/// Pieces of arbitrary bytes (a length, then so many) as messages to a node, in three ways, and time that
/// passes: nothing makes it fail. What can be read is the same after another round.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Subject subject(size % 2 == 0);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (rest.size() >= 3) {
    const auto from = static_cast<std::uint8_t>(rest[0]);
    const auto way = static_cast<std::uint8_t>(rest[1]);
    const auto length = std::min<std::size_t>(static_cast<std::uint8_t>(rest[2]), rest.size() - 3);
    const std::string bytes(rest.substr(3, length));
    rest.remove_prefix(3 + length);
    if (const auto message = tree::decode(bytes)) {
      const std::string written = tree::encode(*message);
      const auto again = tree::decode(written);
      DART_CHECK(again.has_value());
      DART_CHECK(tree::encode(*again) == written);
    }
    overlay::Routed routed;
    routed.origin = node(from);
    routed.service = tree::kService;
    routed.payload = bytes;
    if (way % 4 == 0) subject.feed(tree::Heard{node(from), bytes});
    if (way % 4 == 1) subject.feed(tree::Reached{routed});
    if (way % 4 == 2) subject.feed(tree::Passing{routed});
    if (way % 4 == 3) subject.pass_time(std::int64_t{way} * 20'000);
  }
  return 0;
}
