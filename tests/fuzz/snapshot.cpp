#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "support/snapshot_subject.hpp"

namespace dart::support {

namespace {

/// Hands out the bytes of an input, zeroes at its end.
class Input {
 public:
  explicit Input(std::string_view rest) : rest_(rest) {}
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<std::uint8_t>(first);
  }
  std::string_view text(std::size_t most) {
    const std::string_view taken = rest_.substr(0, most);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// A good snapshot in its parts: the states of the operators, then all the rest, without the version.
struct Parts {
  std::string version;
  std::vector<std::string> states;
  std::string rest;
};

Parts parts_of(SnapshotSubject& subject) {
  const std::string bytes = subject.instance().snapshot();
  ByteReader in(bytes);
  Parts parts;
  parts.version = bytes.substr(0, 1);
  DART_CHECK(in.fixed<std::uint8_t>().has_value());
  for (std::size_t i = 0; i < subject.instance().report().size(); ++i) {
    const auto state = in.text();
    DART_CHECK(state.has_value());
    parts.states.emplace_back(*state);
  }
  parts.rest = bytes.substr(bytes.size() - in.remaining());
  return parts;
}

/// Cuts bytes out and puts others in, at places that the input names, until it is used up.
void patch(std::string& bytes, Input& in) {
  while (!in.rest().empty()) {
    const std::size_t place = (in.byte() + 256U * in.byte()) % (bytes.size() + 1);
    const std::uint8_t sizes = in.byte();
    bytes.replace(place, std::min<std::size_t>(sizes % 16U, bytes.size() - place), in.text(sizes / 16U));
  }
}

std::string changed_snapshot(Parts parts, Input& in) {
  const std::size_t part = in.byte() % (parts.states.size() + 1);
  patch(part == parts.states.size() ? parts.rest : parts.states[part], in);
  ByteWriter out;
  for (const std::string& state : parts.states) out.text(state);
  return parts.version + out.take() + parts.rest;
}

}  // namespace

/// A snapshot with changes, or bytes that never were one, into a fresh instance: an Error, or an instance
/// that goes on and whose own snapshot is taken again.
void run_one(std::string_view data) {
  static const std::vector<Parts> good = [] {
    std::vector<Parts> all;
    for (const std::string& query : snapshot_queries()) {
      SnapshotSubject subject(query);
      all.push_back(parts_of(subject));
    }
    return all;
  }();
  Input in(data);
  const std::uint8_t choice = in.byte();
  const std::size_t number = choice % 128U % good.size();
  const std::string& query = snapshot_queries()[number];
  const std::string bytes =
      choice >= 128 ? good[number].version + std::string(in.rest()) : changed_snapshot(good[number], in);
  SnapshotSubject subject(query, false);
  if (!subject.instance().restore(bytes)) return;
  DART_CHECK(SnapshotSubject(query, false).instance().restore(subject.instance().snapshot()).has_value());
  // A row with a huge weight is honestly written as often as it says.
  if (query.find("emit") != std::string::npos) return;
  subject.feed();
  subject.finish();
}

}  // namespace dart::support

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dart::support::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
