#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "overlay/framing/hello.hpp"

namespace dart::runtime {

using overlay::framing::HostKey;

/// A certificate and its private key as PEM text.
struct PemPair {
  std::string certificate;
  std::string key;
};

/// A new cluster authority: the only root that its members trust.
[[nodiscard]] Result<PemPair> make_authority(const std::string& name, int days);
/// A certificate for one host, good for `nodes` nodes. Proves a key; host names mean nothing.
[[nodiscard]] Result<PemPair> make_host_certificate(const PemPair& authority, const std::string& name,
                                                    std::uint32_t nodes, int days);

/// What a certificate says of a host once the authority's signature is checked.
struct HostProof {
  HostKey key{};
  std::uint32_t node_limit = 1;
};
/// Reads a certificate without checking who signed it: for showing it to its owner.
[[nodiscard]] Result<HostProof> read_certificate(const std::string& pem);

/// The id of the node with this index on a host: the first 16 bytes of SHA-256 over the host key and the
/// index.
[[nodiscard]] NodeId node_id(const HostKey& host, std::uint32_t index);
/// SHA-256 of any bytes.
[[nodiscard]] HostKey sha256(std::string_view bytes);
/// Bytes of the system's secure source.
void fill_random(void* bytes, std::size_t size);
template <class T>
[[nodiscard]] T random_value() {
  T value{};
  fill_random(&value, sizeof value);
  return value;
}

/// One end of a TLS 1.3 connection between memory and memory: it touches no socket. Both sides show a
/// certificate of the cluster's authority.
class TlsSession {
 public:
  TlsSession(void* context, bool client);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Takes bytes that came over the network. Appends what they say to `plain` and what must go back to `out`,
  /// also when it fails. A client starts with no bytes.
  [[nodiscard]] Status receive(std::string_view cipher, std::string& plain, std::string& out);
  /// Appends the encrypted form of `plain` to `out`; only once established.
  [[nodiscard]] Status send(std::string_view plain, std::string& out);
  [[nodiscard]] bool established() const { return proof_.has_value(); }
  /// The other side; only once established.
  [[nodiscard]] const HostProof& peer() const { return *proof_; }

 private:
  void drain(std::string& out);

  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::optional<HostProof> proof_;
};

/// Who this host is: a key with a certificate of the cluster's authority, or, for experiments on one machine,
/// a key that nothing proves.
class HostIdentity {
 public:
  /// The Error says which file's content is wrong; the certificate must be the key's and the authority's.
  [[nodiscard]] static Result<std::shared_ptr<const HostIdentity>> secure(const std::string& authority_pem,
                                                                          const PemPair& host);
  [[nodiscard]] static std::shared_ptr<const HostIdentity> insecure(const HostKey& key, std::uint32_t nodes);
  ~HostIdentity();
  HostIdentity(const HostIdentity&) = delete;
  HostIdentity& operator=(const HostIdentity&) = delete;

  [[nodiscard]] const HostProof& proof() const { return proof_; }
  [[nodiscard]] bool is_secure() const { return context_ != nullptr; }
  [[nodiscard]] std::unique_ptr<TlsSession> open_session(bool client) const;

 private:
  HostIdentity() = default;

  HostProof proof_;
  void* context_ = nullptr;  // SSL_CTX; OpenSSL's headers stay in identity.cpp
};

}  // namespace dart::runtime
