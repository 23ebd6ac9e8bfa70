#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "base/result.hpp"
#include "runtime/net/identity.hpp"

namespace dart::runtime {

/// Owners of OpenSSL's objects; only certificate.cpp and tls.cpp know that library.
struct OpensslDelete {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL* session) const { SSL_free(session); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using BioHandle = std::unique_ptr<BIO, OpensslDelete>;
using CertificateHandle = std::unique_ptr<X509, OpensslDelete>;
using KeyHandle = std::unique_ptr<EVP_PKEY, OpensslDelete>;
using SessionHandle = std::unique_ptr<SSL, OpensslDelete>;
using ContextHandle = std::unique_ptr<SSL_CTX, OpensslDelete>;

/// An Error with the first reason in OpenSSL's queue, which is empty afterwards.
[[nodiscard]] tl::unexpected<Error> openssl_failure(const std::string& what);

[[nodiscard]] Result<CertificateHandle> parse_certificate(const std::string& pem);
[[nodiscard]] Result<KeyHandle> parse_key(const std::string& pem);
[[nodiscard]] HostProof proof_of(X509* certificate);

}  // namespace dart::runtime
