#pragma once

namespace dart {

/// Prints where and what, then aborts. For our own bugs only, never for bad input.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace dart

/// Always on, also in release builds.
#define DART_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::dart::check_failed(#condition, __FILE__, __LINE__))

/// For hot loops: on in the dev and sanitizer builds.
#ifdef DART_DEBUG_CHECKS
#define DART_DCHECK(condition) DART_CHECK(condition)
#else
#define DART_DCHECK(condition) static_cast<void>(0)
#endif
