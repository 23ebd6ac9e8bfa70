#include "api/tokens.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <charconv>
#include <sstream>

namespace dart::api {

namespace {

constexpr std::string_view kScheme = "bearer ";
constexpr std::string_view kDigestWord = "sha256:";

bool begins_as_bearer(std::string_view text) {
  if (text.size() < kScheme.size()) return false;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != kScheme[i]) return false;
  }
  return true;
}

}  // namespace

Tokens::Digest Tokens::digest_of(std::string_view token) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

Result<Tokens::Digest> Tokens::digest_from(const std::string& word, const Resolve& resolve) {
  if (!word.starts_with(kDigestWord)) {
    DART_TRY(const std::string token, resolve(word));
    if (token.size() < kLeastBytes) {
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("the token that {} stands for has less than {} bytes", word, kLeastBytes),
                  std::nullopt, "draw one with `openssl rand -hex 32`");
    }
    return digest_of(token);
  }
  const std::string_view digits = std::string_view(word).substr(kDigestWord.size());
  Digest digest{};
  bool good = digits.size() == 2 * digest.size();
  for (std::size_t i = 0; good && i < digest.size(); ++i) {
    const char* const end = digits.data() + 2 * i + 2;
    good = std::from_chars(end - 2, end, digest[i], 16).ptr == end;
  }
  if (good) return digest;
  return fail(ErrorCode::InvalidArgument, "sha256: needs 64 hexadecimal digits", std::nullopt,
              "printf %s \"$TOKEN\" | sha256sum");
}

Result<Tokens> Tokens::parse(std::string_view text, const Resolve& resolve) {
  Tokens tokens;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    const auto wrong = [number](const std::string& what, const std::string& hint) {
      return fail(ErrorCode::InvalidArgument, fmt::format("line {} of the tokens: {}", number, what),
                  std::nullopt, hint);
    };
    std::istringstream words(line.substr(0, line.find('#')));
    std::string role_name;
    std::string secret;
    std::string more;
    if (!(words >> role_name)) continue;
    const auto role = api::role_of(role_name);
    if (!role) return wrong("'" + role_name + "' is no role", "viewer, operator or admin");
    if (!(words >> secret) || words >> more) {
      return wrong("a role and one secret belong there", "viewer ${env:NAME}, ${file:PATH} or sha256:DIGEST");
    }
    const auto digest = digest_from(secret, resolve);
    if (!digest) return wrong(digest.error().message, digest.error().hint);
    if (tokens.known_.size() == kMost) return wrong(fmt::format("{} tokens at most", kMost), "");
    tokens.known_.push_back({*role, *digest});
  }
  if (!tokens.known_.empty()) return tokens;
  return fail(ErrorCode::InvalidArgument, "there is no token in the file of tokens", std::nullopt,
              "write a line such as: admin ${env:DART_ADMIN_TOKEN}");
}

std::optional<Role> Tokens::role_of(std::string_view authorization) const {
  if (!begins_as_bearer(authorization)) return std::nullopt;
  const Digest given = digest_of(authorization.substr(kScheme.size()));
  std::optional<Role> role;
  for (const auto& known : known_) {
    const bool same = CRYPTO_memcmp(given.data(), known.digest.data(), given.size()) == 0;
    if (same && (!role || known.role > *role)) role = known.role;
  }
  return role;
}

}  // namespace dart::api
