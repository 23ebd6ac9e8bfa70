#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/role.hpp"
#include "base/result.hpp"

namespace dart::api {

/// The bearer tokens that a node knows, as SHA-256 digests: a token itself is never kept.
class Tokens {
 public:
  /// A secret that a reference ("${env:NAME}" or "${file:PATH}") stands for.
  using Resolve = std::function<Result<std::string>(const std::string& reference)>;
  static constexpr std::size_t kMost = 1000;
  /// A token shorter than this could be guessed.
  static constexpr std::size_t kLeastBytes = 16;

  /// One token a line: a role, and "sha256:" with 64 hexadecimal digits or a reference to the token; '#' and
  /// what follows it is a comment. The Error names the line.
  [[nodiscard]] static Result<Tokens> parse(std::string_view text, const Resolve& resolve);

  /// Of "Bearer TOKEN"; nothing when that is no token of this node. Takes as long for any wrong token.
  [[nodiscard]] std::optional<Role> role_of(std::string_view authorization) const;
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  using Digest = std::array<std::uint8_t, 32>;
  struct Known {
    Role role = Role::Viewer;
    Digest digest{};
  };

  [[nodiscard]] static Digest digest_of(std::string_view token);
  [[nodiscard]] static Result<Digest> digest_from(const std::string& word, const Resolve& resolve);

  std::vector<Known> known_;
};

}  // namespace dart::api
