#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <charconv>
#include <cstring>
#include <memory>

#include <openssl/x509v3.h>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "runtime/net/identity.hpp"
#include "runtime/net/openssl_handles.hpp"

namespace dart::runtime {

namespace {

/// The certificate carries the number of nodes as a name of its own kind: `openssl x509 -text` shows it.
constexpr std::string_view kNodesUri = "dart:nodes=";

Result<std::string> pem_text(const BioHandle& bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  if (size <= 0) return openssl_failure("cannot write PEM");
  return std::string(bytes, static_cast<std::size_t>(size));
}

Result<PemPair> to_pem(X509* certificate, EVP_PKEY* key) {
  const BioHandle certificate_bio(BIO_new(BIO_s_mem()));
  const BioHandle key_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_failure("cannot write PEM");
  }
  PemPair pair;
  DART_TRY(pair.certificate, pem_text(certificate_bio));
  DART_TRY(pair.key, pem_text(key_bio));
  return pair;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/// A certificate with a random serial number, valid from an hour ago (clocks differ) for `days`.
Result<CertificateHandle> new_certificate(EVP_PKEY* key, const std::string& name, int days) {
  CertificateHandle certificate(X509_new());
  auto serial = random_value<std::array<unsigned char, 16>>();
  serial[0] &= 0x7F;
  BIGNUM* number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  constexpr long kHour = 3600;
  if (X509_set_version(certificate.get(), 2) != 1 ||
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHour) == nullptr ||
      X509_time_adj_ex(X509_getm_notAfter(certificate.get()), days, 0, nullptr) == nullptr ||
      X509_set_pubkey(certificate.get(), key) != 1 ||
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0) != 1) {
    return openssl_failure(fmt::format("cannot make a certificate for '{}'", name));
  }
  return certificate;
}

std::optional<std::uint32_t> parse_nodes(std::string_view uri) {
  if (!uri.starts_with(kNodesUri)) return std::nullopt;
  uri.remove_prefix(kNodesUri.size());
  std::uint32_t nodes = 0;
  const auto [end, error] = std::from_chars(uri.data(), uri.data() + uri.size(), nodes);
  if (error != std::errc() || end != uri.data() + uri.size()) return std::nullopt;
  if (nodes == 0 || nodes > limits::kHostNodes) return std::nullopt;
  return nodes;
}

}  // namespace

tl::unexpected<Error> openssl_failure(const std::string& what) {
  char reason[256] = "no reason given";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return fail(ErrorCode::Io, fmt::format("{}: {}", what, reason));
}

Result<CertificateHandle> parse_certificate(const std::string& pem) {
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CertificateHandle certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate) return openssl_failure("no certificate in PEM");
  return certificate;
}

Result<KeyHandle> parse_key(const std::string& pem) {
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // An empty pass phrase: a key that has one is refused instead of asking the terminal.
  char no_phrase[] = "";
  KeyHandle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, no_phrase));
  if (!key) return openssl_failure("no private key without a pass phrase in PEM");
  return key;
}

HostProof proof_of(X509* certificate) {
  HostProof proof;
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  DART_CHECK(size > 0);
  proof.key = sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  auto* names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) continue;
    const auto* text = name->d.uniformResourceIdentifier;
    const std::string_view uri(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (const auto nodes = parse_nodes(uri)) proof.node_limit = *nodes;
  }
  GENERAL_NAMES_free(names);
  return proof;
}

Result<PemPair> make_authority(const std::string& name, int days) {
  const KeyHandle key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure("cannot make a key");
  DART_TRY(const auto certificate, new_certificate(key.get(), name, days));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  if (!add_extension(certificate.get(), certificate.get(), NID_basic_constraints,
                     "critical,CA:TRUE,pathlen:0") ||
      !add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return openssl_failure("cannot sign the authority's certificate");
  }
  return to_pem(certificate.get(), key.get());
}

Result<PemPair> make_host_certificate(const PemPair& authority, const std::string& name, std::uint32_t nodes,
                                      int days) {
  DART_TRY(const auto issuer, parse_certificate(authority.certificate));
  DART_TRY(const auto issuer_key, parse_key(authority.key));
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return openssl_failure("the authority's key is not the one of its certificate");
  }
  const KeyHandle key(EVP_EC_gen("P-256"));
  if (!key) return openssl_failure("cannot make a key");
  DART_TRY(const auto certificate, new_certificate(key.get(), name, days));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  const std::string names = fmt::format("URI:{}{}", kNodesUri, nodes);
  if (!add_extension(certificate.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate.get(), issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add_extension(certificate.get(), issuer.get(), NID_subject_key_identifier, "hash") ||
      !add_extension(certificate.get(), issuer.get(), NID_authority_key_identifier, "keyid") ||
      !add_extension(certificate.get(), issuer.get(), NID_subject_alt_name, names) ||
      X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()) == 0) {
    return openssl_failure("cannot sign the host's certificate");
  }
  return to_pem(certificate.get(), key.get());
}

Result<HostProof> read_certificate(const std::string& pem) {
  DART_TRY(const auto certificate, parse_certificate(pem));
  return proof_of(certificate.get());
}

HostKey sha256(std::string_view bytes) {
  HostKey digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

NodeId node_id(const HostKey& host, std::uint32_t index) {
  std::array<char, std::tuple_size_v<HostKey> + 4> bytes{};
  std::memcpy(bytes.data(), host.data(), host.size());
  for (unsigned i = 0; i < 4; ++i) bytes[host.size() + i] = static_cast<char>((index >> (8 * i)) & 0xFF);
  const HostKey digest = sha256({bytes.data(), bytes.size()});
  NodeId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.high = (id.high << 8) | digest[i];
    id.low = (id.low << 8) | digest[8 + i];
  }
  return id;
}

void fill_random(void* bytes, std::size_t size) {
  DART_CHECK(RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(size)) == 1);
}

}  // namespace dart::runtime
