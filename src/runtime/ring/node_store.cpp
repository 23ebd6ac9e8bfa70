#include "runtime/ring/node_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "base/limits.hpp"
#include "runtime/net/identity.hpp"

namespace dart::runtime {

namespace {

constexpr std::size_t kFileBytes = 64U << 10;
constexpr mode_t kPrivate = 0600;
constexpr const char* kStateFile = "node";
constexpr const char* kPeersFile = "peers";
constexpr const char* kKeyFile = "insecure-key";

tl::unexpected<Error> damaged(const std::string& path) {
  return fail(ErrorCode::Data, fmt::format("'{}' is damaged", path), std::nullopt,
              "restore it, or start with an empty --data folder: the node then has another incarnation");
}

/// "id incarnation nonce endpoint…"
std::string peer_line(const overlay::NodeHandle& peer) {
  std::string line = fmt::format("{} {} {}", peer.id.text(), peer.incarnation, peer.nonce);
  for (const Endpoint& endpoint : peer.endpoints) {
    if (!endpoint.empty()) line += " " + text_of(endpoint);
  }
  return line;
}

std::optional<overlay::NodeHandle> parse_peer(const std::string& line) {
  std::istringstream words(line);
  std::string id;
  overlay::NodeHandle peer;
  if (!(words >> id >> peer.incarnation >> peer.nonce)) return std::nullopt;
  const auto parsed = NodeId::parse(id);
  if (!parsed) return std::nullopt;
  peer.id = *parsed;
  std::size_t count = 0;
  for (std::string word; words >> word && count < peer.endpoints.size();) {
    if (const auto endpoint = parse_endpoint(word)) peer.endpoints[count++] = *endpoint;
  }
  return count > 0 ? std::optional(peer) : std::nullopt;
}

}  // namespace

std::string hex_text(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) fmt::format_to(std::back_inserter(text), "{:02x}", bytes[i]);
  return text;
}

bool parse_hex(std::string_view text, std::uint8_t* bytes, std::size_t size) {
  if (text.size() != 2 * size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const char* const from = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(from, from + 2, bytes[i], 16);
    if (error != std::errc() || end != from + 2) return false;
  }
  return true;
}

Result<NodeStore> NodeStore::open(const std::string& folder) {
  DART_TRY_STATUS(make_folder(folder));
  NodeStore store(folder);
  auto lock = FileLock::take(store.path("lock"));
  if (!lock) {
    if (lock.error().code != ErrorCode::Capacity) return tl::unexpected(lock.error());
    return fail(ErrorCode::Capacity, fmt::format("another node runs with the folder '{}'", folder),
                std::nullopt, "stop it, or give this one a --data folder of its own");
  }
  store.lock_ = *std::move(lock);
  DART_TRY_STATUS(store.load());
  return store;
}

Status NodeStore::load() {
  if (const auto text = read_file(path(kStateFile), kFileBytes)) {
    std::istringstream lines(*text);
    std::string name;
    std::string value;
    while (lines >> name >> value) {
      if (name == "ring") {
        if (!parse_hex(value, ring_.emplace().data(), ring_->size())) return damaged(path(kStateFile));
      } else if (name == "founding") {
        founding_ = value == "yes";
      } else if (name == "incarnation") {
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), incarnation_);
        if (error != std::errc() || end != value.data() + value.size()) return damaged(path(kStateFile));
      }
    }
    if (incarnation_ == 0) return damaged(path(kStateFile));
  } else if (text.error().code != ErrorCode::NotFound) {
    return tl::unexpected(text.error());
  }
  // Only a hint: what cannot be read of it is left out.
  if (const auto text = read_file(path(kPeersFile), kFileBytes)) {
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line) && peers_.size() < limits::kKeptPeers;) {
      if (const auto peer = parse_peer(line)) peers_.push_back(*peer);
    }
  }
  return {};
}

Status NodeStore::save() const {
  std::string text = fmt::format("incarnation {}\n", incarnation_);
  if (ring_) text += fmt::format("ring {}\n", hex_text(*ring_));
  if (founding_) text += "founding yes\n";
  return replace_file(path(kStateFile), text, kPrivate);
}

Result<overlay::framing::HostKey> NodeStore::insecure_key() {
  overlay::framing::HostKey key{};
  if (const auto text = read_file(path(kKeyFile), kFileBytes)) {
    if (!parse_hex(std::string_view(*text).substr(0, 2 * key.size()), key.data(), key.size())) {
      return damaged(path(kKeyFile));
    }
    return key;
  }
  fill_random(key.data(), key.size());
  DART_TRY_STATUS(replace_file(path(kKeyFile), hex_text(key) + "\n", kPrivate));
  return key;
}

Status NodeStore::set_ring(const overlay::framing::RingId& ring, bool founding) {
  ring_ = ring;
  founding_ = founding;
  return save();
}

Status NodeStore::set_incarnation(std::uint32_t incarnation) {
  incarnation_ = incarnation;
  return save();
}

Status NodeStore::write_peers(const std::vector<overlay::NodeHandle>& peers) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(peers.size(), limits::kKeptPeers); ++i)
    text += peer_line(peers[i]) + "\n";
  return replace_file(path(kPeersFile), text, kPrivate);
}

}  // namespace dart::runtime
