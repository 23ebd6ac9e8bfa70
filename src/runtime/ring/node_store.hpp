#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "overlay/framing/hello.hpp"
#include "runtime/file_io.hpp"
#include "runtime/net/endpoint.hpp"

namespace dart::runtime {

/// The folder of one node: a lock, the ring it belongs to, how often it was started, the peers it saw last,
/// and, without certificates, the key that its id comes from. Text files, each replaced whole.
class NodeStore {
 public:
  /// Takes the lock. ErrorCode::Capacity when another process lives in that folder.
  [[nodiscard]] static Result<NodeStore> open(const std::string& folder);

  [[nodiscard]] const std::optional<overlay::framing::RingId>& ring() const { return ring_; }
  /// Whether this node made the ring and its first records are not known to lie on the disk yet.
  [[nodiscard]] bool founding() const { return founding_; }
  /// Of the life before; 0 when there was none.
  [[nodiscard]] std::uint32_t incarnation() const { return incarnation_; }
  [[nodiscard]] const std::vector<overlay::NodeHandle>& peers() const { return peers_; }
  /// The key that stands for a host without certificates: made at the first start.
  [[nodiscard]] Result<overlay::framing::HostKey> insecure_key();

  /// On disk before they return.
  [[nodiscard]] Status set_ring(const overlay::framing::RingId& ring, bool founding);
  [[nodiscard]] Status set_incarnation(std::uint32_t incarnation);
  /// limits::kKeptPeers of them are kept.
  [[nodiscard]] Status write_peers(const std::vector<overlay::NodeHandle>& peers) const;

 private:
  explicit NodeStore(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Status load();
  [[nodiscard]] Status save() const;
  [[nodiscard]] std::string path(const char* name) const { return folder_ + "/" + name; }

  std::string folder_;
  FileLock lock_;
  std::optional<overlay::framing::RingId> ring_;
  bool founding_ = false;
  std::uint32_t incarnation_ = 0;
  std::vector<overlay::NodeHandle> peers_;
};

/// Bytes as hexadecimal digits, and back; nothing when they are not `Size` bytes.
[[nodiscard]] std::string hex_text(const std::uint8_t* bytes, std::size_t size);
template <class Bytes>
[[nodiscard]] std::string hex_text(const Bytes& bytes) {
  return hex_text(bytes.data(), bytes.size());
}
[[nodiscard]] bool parse_hex(std::string_view text, std::uint8_t* bytes, std::size_t size);

}  // namespace dart::runtime
