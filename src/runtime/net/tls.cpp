#include <array>

#include "base/check.hpp"
#include "runtime/net/identity.hpp"
#include "runtime/net/openssl_handles.hpp"

namespace dart::runtime {

struct TlsSession::Impl {
  SessionHandle session;
  BIO* in = nullptr;   // owned by the session
  BIO* out = nullptr;  // owned by the session
};

TlsSession::TlsSession(void* context, bool client) : impl_(std::make_unique<Impl>()) {
  impl_->session.reset(SSL_new(static_cast<SSL_CTX*>(context)));
  DART_CHECK(impl_->session != nullptr);
  impl_->in = BIO_new(BIO_s_mem());
  impl_->out = BIO_new(BIO_s_mem());
  SSL_set_bio(impl_->session.get(), impl_->in, impl_->out);
  if (client) {
    SSL_set_connect_state(impl_->session.get());
  } else {
    SSL_set_accept_state(impl_->session.get());
  }
}

TlsSession::~TlsSession() = default;

void TlsSession::drain(std::string& out) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(impl_->out, &bytes);
  if (size > 0) out.append(bytes, static_cast<std::size_t>(size));
  BIO_reset(impl_->out);
}

Status TlsSession::receive(std::string_view cipher, std::string& plain, std::string& out) {
  SSL* const session = impl_->session.get();
  ERR_clear_error();
  if (!cipher.empty() && BIO_write(impl_->in, cipher.data(), static_cast<int>(cipher.size())) <= 0) {
    return openssl_failure("TLS");
  }
  if (!established()) {
    const int done = SSL_do_handshake(session);
    const int reason = SSL_get_error(session, done);
    drain(out);
    if (done != 1) {
      if (reason == SSL_ERROR_WANT_READ) return {};
      return openssl_failure("TLS handshake");
    }
    X509* const certificate = SSL_get0_peer_certificate(session);
    if (certificate == nullptr) return fail(ErrorCode::Io, "TLS handshake: no certificate");
    proof_ = proof_of(certificate);
  }
  std::array<char, 16384> block;
  while (true) {
    const int got = SSL_read(session, block.data(), static_cast<int>(block.size()));
    if (got > 0) {
      plain.append(block.data(), static_cast<std::size_t>(got));
      continue;
    }
    const int reason = SSL_get_error(session, got);
    drain(out);
    if (reason == SSL_ERROR_WANT_READ) return {};
    if (reason == SSL_ERROR_ZERO_RETURN) return fail(ErrorCode::Io, "TLS: closed by the peer");
    return openssl_failure("TLS");
  }
}

Status TlsSession::send(std::string_view plain, std::string& out) {
  DART_CHECK(established());
  ERR_clear_error();
  if (!plain.empty() && SSL_write(impl_->session.get(), plain.data(), static_cast<int>(plain.size())) <= 0) {
    return openssl_failure("TLS");
  }
  drain(out);
  return {};
}

Result<std::shared_ptr<const HostIdentity>> HostIdentity::secure(const std::string& authority_pem,
                                                                 const PemPair& host) {
  DART_TRY(const auto authority, parse_certificate(authority_pem));
  DART_TRY(const auto certificate, parse_certificate(host.certificate));
  DART_TRY(const auto key, parse_key(host.key));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return fail(ErrorCode::InvalidArgument, "the private key is not the one of the host's certificate");
  }
  ERR_clear_error();
  const KeyHandle authority_key(X509_get_pubkey(authority.get()));
  if (X509_verify(certificate.get(), authority_key.get()) != 1) {
    ERR_clear_error();
    return fail(ErrorCode::InvalidArgument, "the host's certificate is not signed by this authority");
  }
  ContextHandle context(SSL_CTX_new(TLS_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.get()) != 1 ||
      SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
    return openssl_failure("cannot set up TLS");
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_verify_depth(context.get(), 1);
  // No resumption: every connection proves the key anew, and there is no ticket to replay.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  std::shared_ptr<HostIdentity> identity(new HostIdentity);
  identity->proof_ = proof_of(certificate.get());
  identity->context_ = context.release();
  return std::shared_ptr<const HostIdentity>(std::move(identity));
}

std::shared_ptr<const HostIdentity> HostIdentity::insecure(const HostKey& key, std::uint32_t nodes) {
  std::shared_ptr<HostIdentity> identity(new HostIdentity);
  identity->proof_ = {key, nodes};
  return identity;
}

HostIdentity::~HostIdentity() {
  if (context_ != nullptr) SSL_CTX_free(static_cast<SSL_CTX*>(context_));
}

std::unique_ptr<TlsSession> HostIdentity::open_session(bool client) const {
  return context_ == nullptr ? nullptr : std::make_unique<TlsSession>(context_, client);
}

}  // namespace dart::runtime
