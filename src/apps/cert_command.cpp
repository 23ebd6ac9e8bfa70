#include "apps/cert_command.hpp"

#include <fmt/format.h>

#include <iostream>
#include <string_view>

#include <nlohmann/json.hpp>

#include "apps/run_script.hpp"
#include "base/result.hpp"
#include "runtime/file_io.hpp"
#include "runtime/net/identity.hpp"

namespace dart::apps {

namespace {

constexpr std::size_t kPemBytes = 64U << 10;
constexpr mode_t kPublic = 0644;
constexpr mode_t kPrivate = 0600;

std::string certificate_path(const std::string& folder, std::string_view name) {
  return fmt::format("{}/{}.pem", folder, name);
}
std::string key_path(const std::string& folder, std::string_view name) {
  return fmt::format("{}/{}-key.pem", folder, name);
}

/// A name becomes two file names.
Status check_name(const std::string& name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  constexpr std::size_t kLongest = 64;
  if (name.empty() || name.size() > kLongest || name.front() == '.' || name.front() == '-' ||
      name.find_first_not_of(kLetters) != std::string::npos) {
    return fail(ErrorCode::InvalidArgument, fmt::format("'{}' is no name for a host", name), std::nullopt,
                "use letters, digits, '.', '_' and '-', 64 at most");
  }
  return {};
}

Status write_pair(const std::string& folder, std::string_view name, const runtime::PemPair& pair) {
  DART_TRY_STATUS(runtime::make_folder(folder));
  DART_TRY_STATUS(runtime::write_new_file(key_path(folder, name), pair.key, kPrivate));
  return runtime::write_new_file(certificate_path(folder, name), pair.certificate, kPublic);
}

std::string id_text(const runtime::HostProof& proof) { return runtime::node_id(proof.key, 0).text(); }

Result<nlohmann::ordered_json> make_ca(const CertOptions& options) {
  DART_TRY(const auto pair, runtime::make_authority(options.name, options.days));
  DART_TRY_STATUS(write_pair(options.folder, "ca", pair));
  return nlohmann::ordered_json{{"certificate", certificate_path(options.folder, "ca")},
                                {"key", key_path(options.folder, "ca")},
                                {"name", options.name}};
}

Result<nlohmann::ordered_json> make_host(const CertOptions& options) {
  DART_TRY_STATUS(check_name(options.name));
  const std::string& from = options.ca_folder.empty() ? options.folder : options.ca_folder;
  runtime::PemPair authority;
  DART_TRY(authority.certificate, runtime::read_file(certificate_path(from, "ca"), kPemBytes));
  DART_TRY(authority.key, runtime::read_private_file(key_path(from, "ca"), kPemBytes));
  DART_TRY(const auto pair,
           runtime::make_host_certificate(authority, options.name, options.nodes, options.days));
  DART_TRY_STATUS(write_pair(options.folder, options.name, pair));
  DART_TRY(const auto proof, runtime::read_certificate(pair.certificate));
  return nlohmann::ordered_json{{"certificate", certificate_path(options.folder, options.name)},
                                {"key", key_path(options.folder, options.name)},
                                {"name", options.name},
                                {"node", id_text(proof)},
                                {"nodes", proof.node_limit}};
}

Result<nlohmann::ordered_json> show(const std::string& file) {
  DART_TRY(const auto pem, runtime::read_file(file, kPemBytes));
  DART_TRY(const auto proof, runtime::read_certificate(pem));
  return nlohmann::ordered_json{{"certificate", file}, {"node", id_text(proof)}, {"nodes", proof.node_limit}};
}

int print(const Result<nlohmann::ordered_json>& made, bool json) {
  if (!made) {
    std::cerr << error_line(made.error()) << '\n';
    return 1;
  }
  if (json) {
    std::cout << made->dump() << '\n';
  } else {
    for (const auto& [key, value] : made->items()) {
      std::cout << fmt::format("{:<12} {}\n", key,
                               value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return std::cout.flush() ? 0 : 1;
}

}  // namespace

int cert_ca_command(const CertOptions& options) { return print(make_ca(options), options.json); }
int cert_host_command(const CertOptions& options) { return print(make_host(options), options.json); }
int cert_show_command(const std::string& file, bool json) { return print(show(file), json); }

}  // namespace dart::apps
