#include "apps/secret.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "runtime/file_io.hpp"

namespace dart::apps {

namespace {

constexpr std::size_t kSecretBytes = 64U << 10;
constexpr std::string_view kVariable = "${env:";
constexpr std::string_view kFile = "${file:";

}  // namespace

Result<std::string> resolve_secret(const std::string& reference) {
  const auto inside = [&](std::string_view opening) {
    return reference.substr(opening.size(), reference.size() - opening.size() - 1);
  };
  if (reference.starts_with(kVariable) && reference.ends_with('}')) {
    const std::string name = inside(kVariable);
    const char* const value = std::getenv(name.c_str());
    if (value != nullptr && *value != '\0') return std::string(value);
    return fail(ErrorCode::NotFound, fmt::format("the environment has no {}", name));
  }
  if (reference.starts_with(kFile) && reference.ends_with('}')) {
    DART_TRY(auto text, runtime::read_private_file(inside(kFile), kSecretBytes));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
  }
  return fail(ErrorCode::InvalidArgument, "a secret is given by reference only", std::nullopt,
              "write ${env:NAME} or ${file:PATH}");
}

}  // namespace dart::apps
