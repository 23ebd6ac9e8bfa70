#pragma once

#include <cstdint>
#include <string>

namespace dart::apps {

struct CertOptions {
  std::string name;          ///< of the cluster, or of the host
  std::string folder = ".";  ///< where the new files go
  std::string ca_folder;     ///< where ca.pem and ca-key.pem are; empty: `folder`
  std::uint32_t nodes = 1;
  int days = 0;
  bool json = false;
};

/// `dart cert ca`: makes ca.pem and ca-key.pem. Returns the exit code.
int cert_ca_command(const CertOptions& options);
/// `dart cert host NAME`: makes NAME.pem and NAME-key.pem, signed by the authority.
int cert_host_command(const CertOptions& options);
/// `dart cert show FILE`: the ids that a certificate stands for.
int cert_show_command(const std::string& file, bool json);

}  // namespace dart::apps
