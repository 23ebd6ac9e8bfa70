#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace dart {

/// What kind of failure an Error describes; decides exit codes and HTTP statuses at the edges.
enum class ErrorCode : std::uint8_t {
  InvalidArgument,  ///< the caller's words are wrong: a flag, an option, a value
  Syntax,           ///< the SQL text does not parse
  Binding,          ///< the SQL text parses, and names or combines things that do not exist or do not fit
  Unsupported,      ///< understood, and refused by name
  NotFound,
  Io,        ///< the operating system said no; the message carries its word
  Data,      ///< input bytes that cannot be decoded
  Capacity,  ///< a named limit was reached
};

/// A failure as a value: one line that says what, where and what to do.
struct Error {
  ErrorCode code = ErrorCode::InvalidArgument;
  std::string message;
  /// Byte offset into the text the error is about (SQL as handed in); absent where there is no text.
  std::optional<std::uint32_t> offset;
  /// What to do about it; printed after the message. May be empty.
  std::string hint;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message,
                                                std::optional<std::uint32_t> offset = std::nullopt,
                                                std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), offset, std::move(hint)});
}

}  // namespace dart

#define DART_CONCAT_INNER(a, b) a##b
#define DART_CONCAT(a, b) DART_CONCAT_INNER(a, b)

/// Hands an error on to the caller; otherwise binds the value: DART_TRY(auto x, f());
#define DART_TRY(declaration, expression)                                         \
  auto DART_CONCAT(dart_try_, __LINE__) = (expression);                           \
  if (!DART_CONCAT(dart_try_, __LINE__)) {                                        \
    return ::tl::unexpected(std::move(DART_CONCAT(dart_try_, __LINE__)).error()); \
  }                                                                               \
  declaration = *std::move(DART_CONCAT(dart_try_, __LINE__))

/// The same for a Status.
#define DART_TRY_STATUS(expression)                                            \
  do {                                                                         \
    auto dart_status = (expression);                                           \
    if (!dart_status) return ::tl::unexpected(std::move(dart_status).error()); \
  } while (false)
